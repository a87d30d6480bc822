--[[
  pause: an operator stops a connection, or lets it go on.

  KEYS
    1 connection  BASE    every key of the connection starts with it
    2 shard       BASE    every key of the shard starts with it
  ARGV
    1 connectionId
    2 action      pause, or resume: which also ends a hold or an open breaker
  RETURNS wakeAtMs
    0   nobody needs waking
]]
local base, shard, id, action = KEYS[1], KEYS[2], ARGV[1], ARGV[2]

local us, now = clock()
local m = redis.call('HMGET', base .. 'meta', 'paused', 'block', 'gate', 'still', 'blockedSince', 'pending')
if action == 'pause' then
  if not (m[1] or m[2]) then redis.call('HSET', base .. 'meta', 'blockedSince', now) end
  redis.call('HSET', base .. 'meta', 'paused', 1)
  redis.call('ZREM', shard .. 'wake', id)
  return '0'
end
redis.call('HDEL', base .. 'meta', 'paused', 'gate', 'failedInARow')
if m[1] or m[2] then
  m[1] = false
  end_block(base, m, now)
end
if tonumber(m[6] or 0) == 0 then return '0' end
promise_by(shard, id, now)
return string.format('%.0f', now)
