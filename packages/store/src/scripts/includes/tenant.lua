-- tenant: the limit above the connections and their turns at it; does what packages/core/src/quota/tenant-quota.ts and
-- wait-for-turn.ts say. In `q` beside the bucket: activeUntil, and the last refusal. `turns` and `waits`: who is in line, by when
-- it was granted a call last, and by when it asked last.
local ACTIVE_MS, TOGETHER_MS, WAITING_MS, TURN_LOOK_US, FORGOTTEN_MAX = 600000, 2000, 300, 250000, 100
local function read_tenant(tenant, now)
  local q = redis.call('HMGET', tenant .. 'q', 'activeUntil', 'epoch')
  local t = { active = false, epoch = tonumber(q[2] or 0), closed = 0, in_a_row = 0 }
  if tonumber(q[1] or 0) > now then
    t = read_bucket(tenant)
    t.active, t.still = true, false
  end
  return t
end
-- The tenant's bucket when there is something to learn, else an empty list.
local function tenant_to_learn(tenant, t, now)
  return t.active and to_learn(tenant, t, now) or {}
end
local function reopen(tenant, t, interval, until_ms)
  local before = read_bucket(tenant)
  t.known, t.active, t.still, t.refused = true, true, false, false
  t.interval, t.epoch, t.closed = before.known and before.interval or interval, before.epoch + 1, math.max(before.closed, until_ms)
  t.tat, t.since, t.learn_at = t.closed * 1000, t.closed, 0
  redis.call('HINCRBY', tenant .. 'q', 'version', 1)
  t.lateness = LATENESS_US
  redis.call('HDEL', tenant .. 'q', 'refusedAt', 'refusedAfter', 'lateness')
  redis.call('HSET', tenant .. 'q', 'memory', '', 'interval', t.interval, 'tat', string.format('%.0f', t.tat), 'closed', string.format('%.0f', t.closed),
    'epoch', t.epoch, 'inARow', 0, 'since', string.format('%.0f', t.since), 'granted', 0, 'accepted', 0, 'idle', 0, 'learnAt', 0)
end
-- by: id and interval of the connection, the tenant's epoch of the call, and whether it called as fast as its own bucket let it:
-- then its own limit was met. Answers whether the refusal is the tenant's.
local function refuse_tenant(tenant, t, by, now, retry_after)
  if t.active and by.own and by.epoch == t.epoch then return false end
  local last = redis.call('HMGET', tenant .. 'q', 'lastBy', 'lastAt', 'lastUntil', 'lastInterval')
  local together = last[1] and last[1] ~= by.id and now - tonumber(last[2]) <= TOGETHER_MS
  local until_ms = now + retry_after
  redis.call('HSET', tenant .. 'q', 'lastBy', by.id, 'lastAt', now, 'lastUntil', string.format('%.0f', until_ms), 'lastInterval', by.interval)
  if not (t.active or together) then return false end
  if t.active then count_refused(tenant, t, by.epoch, now, retry_after)
  else
    local a, b = tonumber(last[4]), by.interval
    reopen(tenant, t, math.max(1, math.floor(a * b / (a + b) + 0.5)), math.max(tonumber(last[3]), until_ms))
  end
  if together then
    close_until(tenant, t, tonumber(last[3]), now)
    redis.call('HSET', tenant .. 'q', 'activeUntil', string.format('%.0f', math.max(now + ACTIVE_MS, t.closed)))
  end
  return true
end
local function leave_line(tenant, id, now)
  local gone = redis.call('ZRANGEBYSCORE', tenant .. 'waits', '-inf', now - WAITING_MS - 1, 'LIMIT', 0, FORGOTTEN_MAX)
  gone[#gone + 1] = id
  redis.call('ZREM', tenant .. 'turns', unpack(gone))
  redis.call('ZREM', tenant .. 'waits', unpack(gone))
end
-- When to ask again, in microseconds; nil = now is its turn.
local function wait_for_turn(tenant, t, id, granted, us, now)
  local ahead = redis.call('ZCOUNT', tenant .. 'turns', '-inf', string.format('(%.0f', granted))
  if t.tat <= us and ahead == 0 then return nil end
  redis.call('ZADD', tenant .. 'turns', string.format('%.0f', granted), id)
  redis.call('ZADD', tenant .. 'waits', now, id)
  return math.min(math.max(t.tat, us) + ahead * t.interval, math.max(t.tat, us + TURN_LOOK_US))
end
