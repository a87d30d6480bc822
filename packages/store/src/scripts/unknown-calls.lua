--[[
  unknown-calls: read which calls left the fate of entries unknown, newest first.

  KEYS
    1 connection  BASE    every key of the connection starts with it
  ARGV
    1 before        id of the last one that was read; '' = from the newest on
    2 callsMax
  RETURNS list of id, lease, item, entries, reason, at, ...
]]
local base, before, calls_max = KEYS[1], ARGV[1], tonumber(ARGV[2])

local out = {}
for _, raw in ipairs(redis.call('XREVRANGE', base .. 'unknown', before == '' and '+' or '(' .. before, '-', 'COUNT', calls_max)) do
  out[#out + 1] = raw[1]
  for _, nth in ipairs({ 2, 4, 6, 8, 10 }) do out[#out + 1] = raw[2][nth] or '' end
end
return out
