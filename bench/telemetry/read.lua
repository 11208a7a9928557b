-- Reads of one record with a bearer token. Arguments: the token; the flags of the trace that each request belongs to
-- ("01": to be recorded), or "none" for requests of no trace; and optionally the milliseconds that each connection waits
-- before a request, give or take half of it.
local flags, head
local count = 0

function init(args)
  head = "GET /data/welcome HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " .. args[1] .. "\r\n"
  if args[2] ~= "none" then flags = args[2] end
  local wait = tonumber(args[3])
  if wait then
    delay = function() return math.floor(wait * (0.5 + math.random()) + 0.5) end
  end
end

function request()
  if flags == nil then return head .. "\r\n" end
  count = count + 1
  return head .. string.format("traceparent: 00-%032x-%016x-%s\r\n\r\n", count, count, flags)
end
