--[[
  settled-calls: read what was kept of the last calls, newest first.

  KEYS
    1 connection  BASE    every key of the connection starts with it
  ARGV
    1 stream        calls, or errors: only those not wholly delivered
    2 callsMax
  RETURNS list of lease, at, 1 = stale, told, ...
]]
local base, stream, calls_max = KEYS[1], ARGV[1], tonumber(ARGV[2])

local out = {}
for _, raw in ipairs(redis.call('XREVRANGE', base .. stream, '+', '-', 'COUNT', calls_max)) do
  for _, nth in ipairs({ 2, 6, 8, 10 }) do out[#out + 1] = raw[2][nth] end
end
return out
