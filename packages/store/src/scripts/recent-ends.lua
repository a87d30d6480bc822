--[[
  recent-ends: count dead letters and parked entries that are kept and ended lately.

  KEYS
    1 connection  BASE    every key of the connection starts with it
  ARGV
    1 sinceMs
    2 most            of each kind at most so many are looked at
  RETURNS how many
]]
local base, since, most = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])

local count = 0
for _, stream in ipairs({ 'dead', 'parked' }) do
  for _, ended in ipairs(redis.call('XREVRANGE', base .. stream, '+', '-', 'COUNT', most)) do
    local fields = ended[2]
    for j = 1, #fields, 2 do
      if fields[j] == 'at' and tonumber(fields[j + 1]) >= since then count = count + 1 end
    end
  end
end
return count
