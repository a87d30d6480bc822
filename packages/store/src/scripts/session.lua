--[[
  session: open, find or end the session of a person at the page.

  KEYS
    1 shard       BASE    every key of the shard starts with it
  ARGV
    1 action        open, find or end
    2 id            a digest of what the browser holds
    3 idleMs        it ends when nobody came for so long
    4 lifeMs        open: it ends after that in any case
    5 sessionsMax   open: of more the one that would end first goes
    6 text          open: whose it is
  RETURNS {status, text}
    opened   it is kept
    found    its idle time begins anew; the text is as it was opened with
    none     there is none, or it has ended
    ended    it is not there now
]]
local shard, action, id = KEYS[1], ARGV[1], ARGV[2]
local idle_ms, life_ms, sessions_max, text = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]

local ENDED_A_CALL = 100
local us, now = clock()
local ends, kept = shard .. 'sessionEnds', shard .. 'sessions'
local function forget(ids)
  for _, gone in ipairs(ids) do
    redis.call('ZREM', ends, gone)
    redis.call('HDEL', kept, gone)
  end
end

if action == 'end' then
  forget({ id })
  return { 'ended' }
end
if action == 'find' then
  local until_ms, whose = string.match(redis.call('HGET', kept, id) or '', '^(%d+) (.*)$')
  if not whose or tonumber(redis.call('ZSCORE', ends, id) or 0) <= now then return { 'none' } end
  redis.call('ZADD', ends, math.min(now + idle_ms, tonumber(until_ms)), id)
  return { 'found', whose }
end
local ended = redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, ENDED_A_CALL)
local leaves_ms = math.max(life_ms, redis.call('PTTL', kept))
redis.call('HSET', kept, id, string.format('%.0f %s', now + life_ms, text))
redis.call('ZADD', ends, now + math.min(idle_ms, life_ms), id)
-- Where nobody signs in any more, nothing is left.
for _, key in ipairs({ ends, kept }) do redis.call('PEXPIRE', key, leaves_ms) end
forget(ended)
local over = redis.call('ZCARD', ends) - sessions_max
if over > 0 then forget(redis.call('ZRANGE', ends, 0, over - 1)) end
return { 'opened' }
