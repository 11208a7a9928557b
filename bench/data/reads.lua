-- Reads of records with a bearer token. Arguments: how keys are chosen (hot, zipf, walk or once), how many there are, the
-- token, and for "walk" and "once" the number of the first.
--   hot   the one record `hot`
--   zipf  k000000 …, the one of rank r with a share of 1/r (s = 1), from a fixed seed
--   walk  k000000 …, one after the other
--   once  c000000 …, each of them once
local mode, keys, first, head, tail
local cumulated = {}

function init(args)
  mode, keys, first = args[1], tonumber(args[2]), tonumber(args[4] or "0")
  head = "GET /data/"
  tail = " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " .. args[3] .. "\r\n\r\n"
  math.randomseed(42)
  if mode ~= "zipf" then return end
  local sum = 0
  for rank = 1, keys do
    sum = sum + 1 / rank
    cumulated[rank] = sum
  end
end

local function drawn()
  local wanted = math.random() * cumulated[keys]
  local low, high = 1, keys
  while low < high do
    local middle = math.floor((low + high) / 2)
    if cumulated[middle] < wanted then low = middle + 1 else high = middle end
  end
  return low - 1
end

function request()
  if mode == "hot" then return head .. "hot" .. tail end
  if mode == "zipf" then return head .. string.format("k%06d", drawn()) .. tail end
  first = first + 1
  return head .. string.format(mode == "walk" and "k%06d" or "c%06d", (first - 1) % keys) .. tail
end
