--[[
  shards: say how many shards there are, and keep it where nobody has said so before.

  KEYS
    1 shard       BASE    of the first one; every key of it starts with it
  ARGV
    1 count           how many the asker was told there are
    2 replaces        0, or the number that may be replaced by it
  RETURNS count
]]
local shard, count, replaces = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])

-- Before their number was kept there was one.
local was = tonumber(redis.call('GET', shard .. 'shards') or redis.call('EXISTS', shard .. 'connections'))
if was ~= 0 and was ~= count and was ~= replaces then return was end
redis.call('SET', shard .. 'shards', count)
return count
