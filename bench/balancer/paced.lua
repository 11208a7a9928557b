-- Paces requests: each connection waits between an answer and its next request, for a time drawn so that all of them
-- together send at about the rate of the first argument. The wait does not count as latency.
local wait
function init(args)
  math.randomseed(os.time())
  local rate, connections = tonumber(args[1]), tonumber(args[2])
  wait = 1000 * connections / rate
end
function delay()
  local drawn = wait * (0.5 + math.random())
  local whole = math.floor(drawn)
  if math.random() < drawn - whole then whole = whole + 1 end
  return whole
end
