-- Reads of one record with a bearer token. Arguments: the token, and the flags of the trace that each request belongs to
-- ("01": to be recorded), or nothing for requests of no trace.
local flags, head
local count = 0

function init(args)
  head = "GET /data/welcome HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " .. args[1] .. "\r\n"
  flags = args[2]
end

function request()
  if flags == nil then return head .. "\r\n" end
  count = count + 1
  return head .. string.format("traceparent: 00-%032x-%016x-%s\r\n\r\n", count, count, flags)
end
