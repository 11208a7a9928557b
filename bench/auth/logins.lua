-- Logins of one user after another, each from an address of its own. Arguments: the number of users, their password, and the
-- milliseconds that each connection waits before a login, give or take half of it. Prints how often each status was answered.
local users, password
local count = 0
local statuses = {}

function setup(thread)
  worker = thread
end

function init(args)
  users, password = tonumber(args[1]), args[2]
  local wait = tonumber(args[3])
  math.randomseed(os.time())
  delay = function() return math.floor(wait * (0.5 + math.random()) + 0.5) end
end

function request()
  count = count + 1
  local address = string.format("10.%d.%d.%d", math.floor(count / 65536) % 256, math.floor(count / 256) % 256, count % 256)
  local headers = { ["content-type"] = "application/json", ["x-forwarded-for"] = address }
  local body = string.format('{"username":"user-%d","password":"%s"}', count % users, password)
  return wrk.format("POST", "/auth/login", headers, body)
end

function response(status)
  statuses[status] = (statuses[status] or 0) + 1
  told = ""
  for each, answers in pairs(statuses) do told = told .. each .. "=" .. answers .. " " end
end

function done()
  print("Answers: " .. (worker:get("told") or ""))
end
