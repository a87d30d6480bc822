-- bucket: the charge half of the quota; does what packages/core/src/quota/bucket.ts says, function by function.
local LATENESS_US = 8000
local function read_bucket(base)
  local q = redis.call('HMGET', base .. 'q', 'interval', 'tat', 'closed', 'epoch', 'inARow', 'since', 'granted', 'accepted', 'idle', 'learnAt', 'refusedAt', 'lateness')
  local b = { known = q[1] and true or false, interval = tonumber(q[1] or 0), tat = tonumber(q[2] or 0), closed = tonumber(q[3] or 0), still = true }
  b.epoch, b.in_a_row, b.since, b.granted = tonumber(q[4] or 0), tonumber(q[5] or 0), tonumber(q[6] or 0), tonumber(q[7] or 0)
  b.accepted, b.idle, b.learn_at, b.refused = tonumber(q[8] or 0), tonumber(q[9] or 0), tonumber(q[10] or 0), q[11] and true or false
  b.lateness = tonumber(q[12] or LATENESS_US)
  return b
end
local function open_bucket(base, b, interval, now)
  if b.known then return end
  b.known, b.interval, b.since = true, interval, now
  redis.call('HSET', base .. 'q', 'interval', interval, 'since', now)
end
local function grant_call(base, b, us)
  local earliest = us - b.lateness
  b.idle = b.idle + math.max(0, earliest - math.max(b.tat, b.since * 1000))
  b.tat = math.max(b.tat, earliest) + b.interval
  b.granted = b.granted + 1
  redis.call('HSET', base .. 'q', 'tat', string.format('%.0f', b.tat), 'granted', b.granted, 'idle', string.format('%.0f', b.idle))
end
local function count_accepted(base, b, epoch)
  if epoch ~= b.epoch then return end
  b.accepted, b.in_a_row = b.accepted + 1, 0
  redis.call('HSET', base .. 'q', 'accepted', b.accepted, 'inARow', 0)
end
-- A closure by anything; the time it adds stands still for the awake clock of a connection (b.still).
local function close_until(base, b, at, now)
  if at <= b.closed then return end
  if b.still then redis.call('HINCRBY', base .. 'meta', 'still', string.format('%.0f', at - math.max(now, b.closed))) end
  b.closed = at
  redis.call('HSET', base .. 'q', 'closed', string.format('%.0f', at))
end
local function count_refused(base, b, epoch, now, retry_after)
  close_until(base, b, now + retry_after, now)
  if epoch ~= b.epoch then return end
  b.epoch, b.in_a_row = b.epoch + 1, b.in_a_row + 1
  redis.call('HSET', base .. 'q', 'epoch', b.epoch, 'inARow', b.in_a_row)
  if b.refused then return end
  b.refused = true
  redis.call('HSET', base .. 'q', 'refusedAt', now, 'refusedAfter', retry_after)
end
-- Whether calls went as fast as this bucket lets them, and not slower for another reason.
local function rate_used(b, now)
  return b.granted >= 2 and b.granted * b.interval * 100 >= 85 * (now - b.since) * 1000
end
-- The whole bucket when there is something to learn, else an empty list.
local function to_learn(base, b, now)
  if not b.known or not (b.refused or now >= b.learn_at) then return {} end
  return redis.call('HMGET', base .. 'q', 'version', 'memory', 'interval', 'tat', 'closed', 'epoch', 'inARow', 'since', 'granted', 'accepted', 'idle', 'refusedAt', 'refusedAfter', 'learnAt', 'lateness')
end
