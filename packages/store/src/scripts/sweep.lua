--[[
  sweep: find the connections whose promise is overdue, and promise anew.

  KEYS
    1 shard       BASE    every key of the shard starts with it
  ARGV
    1 lateMs
    2 notWithinMs   nothing is done when the last sweep is younger
  RETURNS connection ids, at most 100, most overdue first
]]
local shard, late, not_within = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local FOUND_MAX, NEXT_MS = 100, 700

local us, now = clock()
local last = tonumber(redis.call('GET', shard .. 'sweptAt') or 0)
-- A last sweep that lies ahead is of a clock that was set back: it must not stop the next ones.
if last <= now and now - last < not_within then return {} end
local found = redis.call('ZRANGEBYSCORE', shard .. 'wake', '-inf', now - late, 'LIMIT', 0, FOUND_MAX)
redis.call('SET', shard .. 'sweptAt', now)
for _, id in ipairs(found) do promise_by(shard, id, now + NEXT_MS) end
return found
