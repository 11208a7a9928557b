-- Reads of one record. Argument: the bearer token.
function init(args)
  wrk.headers["Authorization"] = "Bearer " .. args[1]
  wrk.path = "/data/welcome"
end
