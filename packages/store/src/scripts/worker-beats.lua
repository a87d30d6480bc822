--[[
  worker-beats: keep which workers were seen when, or list them.

  KEYS
    1 shard       BASE    every key of the shard starts with it
  ARGV
    1 action          note, forget or list
    2 worker          of one life of one worker; '' to list
    3 told            JSON: what it says of itself; '' unless it is noted
    4 keptMs          who was not seen for so long is forgotten
    5 workersMax      a new one is not kept beyond so many
  RETURNS {status, nowMs, worker, seenMs, told, ...}
    done     note, forget
    workers  list: three values a worker follow
]]
local shard, action, worker, told, kept_ms, workers_max = KEYS[1], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])

local us, now = clock()
local seen, words = shard .. 'workers', shard .. 'workersSay'
if action == 'list' then
  local out = { 'workers', now }
  for j, value in ipairs(redis.call('ZRANGE', seen, 0, -1, 'WITHSCORES')) do
    out[#out + 1] = value
    if j % 2 == 0 then out[#out + 1] = redis.call('HGET', words, out[#out - 1]) or '' end
  end
  return out
end
local known = redis.call('ZSCORE', seen, worker) or redis.call('ZCARD', seen) < workers_max
local gone = redis.call('ZRANGEBYSCORE', seen, '-inf', now - kept_ms, 'LIMIT', 0, 100)
if action == 'forget' then gone[#gone + 1] = worker
elseif known then
  redis.call('ZADD', seen, now, worker)
  redis.call('HSET', words, worker, told)
end
for _, each in ipairs(gone) do
  redis.call('ZREM', seen, each)
  redis.call('HDEL', words, each)
end
return { 'done', now }
