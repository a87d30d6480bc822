--[[
  take: lease up to entriesMax entries of the item worth the next call most, if a call may be made now.

  KEYS
    1 connection  BASE    every key of the connection starts with it
    2 shard       BASE    every key of the shard starts with it
    3 tenant      BASE    every key of the connection's tenant starts with it
  ARGV
    1 connectionId
    2 leaseId           made by the worker; the call's client-request-id
    3 leaseMs
    4 callTimeoutMs     a lease younger than this is a call in flight
    5 lingerMs
    6 ageBoundMs
    7 entriesMax
    8 inFlightMax       fewer while failures have lowered it
    9 unknownPolicy     retry or park: what happens to the entries of an expired lease
    10 intervalUs       of a bucket that has learned nothing yet
    11 receiptTtlMs
    12 viewedAgeMaxMs  a viewed that began longer ago expires; 0 = none does
  RETURNS {'leased', why, item, epoch, refusedInARow, failedInARow, probe, whole, awakeMs, nowMs, entries, bucket, tenantEpoch, tenantBucket, missedBefore}
       or {'waiting', reason, untilMs, nowMs, bucket, tenantBucket}
    leased   the entries are out of the item and in the lease; a token is spent, and one of the tenant's active bucket; why = whole, bound, best, oldest or again;
             missedBefore -1 = a call of the connection was found
    waiting  nothing changed but what came back by itself; untilMs 0 = nobody knows; reason = empty, paused, held,
             breaker, closed, inflight, quota, linger or retry; expired = only entries that expired or were erased were found, there may be more
  WHY ONE SCRIPT
    The batch is bound at the moment of the grant: what a call carries decides throughput, and nothing may be granted twice.
]]
local base, shard, id, lease, lease_ms, call_ms = KEYS[1], KEYS[2], ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local linger, bound, cap, in_flight_max = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local policy, interval, ttl, viewed_max, tenant = ARGV[9], tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12]), KEYS[3]
local RUNNING_MS, IN_FLIGHT_MS, EXPIRING_PICKS_MAX = 700, 500, 8

local us, now = clock()
local m = redis.call('HMGET', base .. 'meta', 'paused', 'block', 'probeAt', 'probeEvery', 'turn', 'failedInARow', 'still', 'blockedSince', 'inFlight', 'grantedAt', 'probeLease', 'probes', 'found', 'missed', 'loweredAt', 'retryCredit', 'trickledAt', 'erasing')
local b, t = read_bucket(base), read_tenant(tenant, now)
local share = open_share(m[15], m[16], m[17], now)
local awake = awake_ms(now, tonumber(m[7] or 0), m[8] and tonumber(m[8]), b.closed)

local function leased(why, item, epoch, tenant_epoch, probe, whole, entries, at)
  return { 'leased', why, item, epoch, math.max(b.in_a_row, t.in_a_row), tonumber(m[6] or 0), probe, whole, string.format('%.0f', awake), at, entries, to_learn(base, b, now), tenant_epoch, tenant_to_learn(tenant, t, now), m[13] and -1 or tonumber(m[14] or 0) }
end
-- The promise is `at`; the gate is there when an append could not be served earlier anyway.
local function waiting(reason, at, gated)
  if at then promise_by(shard, id, at) else redis.call('ZREM', shard .. 'wake', id) end
  redis.call('HSET', base .. 'meta', 'gate', gated and string.format('%.0f', at) or 0)
  return { 'waiting', reason, at and string.format('%.0f', at) or '0', now, to_learn(base, b, now), tenant_to_learn(tenant, t, now) }
end

local open = redis.call('LRANGE', base .. 'l:' .. lease, 0, -1)
if #open > 0 then return leased('again', open[1], tonumber(open[2]), tonumber(open[3]), math.floor(open[4] / 2), open[4] % 2, rest(open, 5), redis.call('ZSCORE', base .. 'lease', lease) - lease_ms) end

reclaim(base, shard, cap, policy, now, ttl)
local ending = { viewed_max = viewed_max, marks = open_marks(base, m[18], now) }
bring_back_share(base, cap, now, share)
if t.active then leave_line(tenant, id, now) end

if m[1] then return waiting('paused') end
if m[2] then
  -- One probe at a time: the next one waits until the last is settled, or reclaimed.
  local probe_at = math.max(tonumber(m[3]), tonumber(m[11] and redis.call('ZSCORE', base .. 'lease', m[11]) or 0))
  if probe_at > now then return waiting(m[2], probe_at, true) end
end
-- The awake clock of a connection stands still for its tenant's closure as for its own.
if b.known and t.closed > now then close_until(base, b, t.closed, now) end
local closed = math.max(b.closed, t.closed)
if closed > now then return waiting('closed', closed, true) end
if redis.call('ZCOUNT', base .. 'lease', '(' .. (now + lease_ms - call_ms), '+inf') >= math.min(in_flight_max, math.floor((m[9] or math.huge) / 1000000)) then
  return waiting('inflight', now + IN_FLIGHT_MS, true)
end
if b.tat > us then return waiting('quota', math.ceil(b.tat / 1000), true) end

local function nothing_ready(oldest)
  local due = tonumber(oldest[2] or math.huge) + linger
  local later, whole = redis.call('ZRANGE', base .. 'later', 0, 0, 'WITHSCORES'), redis.call('ZRANGE', base .. 'whole', 0, 0, 'WITHSCORES')
  local retry = math.min(comes_back_at(share, tonumber(later[2] or math.huge), now), tonumber(whole[2] or math.huge))
  -- A lease whose worker died is found by a take alone: the next one must come by its end.
  local first = tonumber(redis.call('ZRANGE', base .. 'lease', 0, 0, 'WITHSCORES')[2] or math.huge)
  local reason, at = 'empty', math.min(due, retry, first)
  if due < math.huge and due <= retry then reason = 'linger' elseif retry < math.huge then reason = 'retry' end
  return waiting(reason, at < math.huge and at or nil)
end
local function remove_group(group, entries)
  redis.call('HINCRBY', base .. 'meta', 'delayed', 0 - entries)
  redis.call('ZREM', base .. 'whole', group)
  redis.call('DEL', base .. 'g:' .. group)
end

local function pick()
  return pick_item(base, cap, now, linger, bound, m[5] == '1', m[2] and tonumber(m[12] or 0))
end

local item, why, group, oldest, taken, passed, expired
for picks = 1, EXPIRING_PICKS_MAX do
  item, why, group, oldest = pick()
  if not item and trickle(base, cap, now, share) then item, why, group, oldest = pick() end
  if not item then return nothing_ready(oldest) end
  local turn_at = t.active and wait_for_turn(tenant, t, id, tonumber(m[10] or 0), us, now)
  if turn_at then return waiting('quota', math.ceil(turn_at / 1000), true) end
  if why == 'whole' then taken, expired = split_expired(redis.call('LRANGE', base .. 'g:' .. group, 1, -1), ending, now)
  else taken, passed, expired = pick_entries(base, item, cap, ending, now) end
  if #taken > 0 then break end
  -- Nothing here is worth a call: it has its end, and another item its turn.
  count_expired(base, shard, expired, ending, ttl)
  if group then remove_group(group, #expired) else remove_picked(base, item, { taken = 0, expired = #expired }, {}, cap) end
  if picks == EXPIRING_PICKS_MAX then return waiting('expired', now) end
end

open_bucket(base, b, interval, now)
grant_call(base, b, us)
if t.active then
  grant_call(tenant, t, us)
  redis.call('HSET', base .. 'meta', 'grantedAt', string.format('%.0f', us))
end
local whole, probe, turn = why == 'whole' and 1 or 0, m[2] and 1 or 0, (why == 'whole' or why == 'bound') and 1 or 0
redis.call('RPUSH', base .. 'l:' .. lease, item, b.epoch, t.epoch, whole + 2 * probe, unpack(taken))
redis.call('ZADD', base .. 'lease', now + lease_ms, lease)
redis.call('HSET', base .. 'meta', 'turn', turn, 'gate', now + RUNNING_MS, 'retryCredit', math.min(CREDIT_MAX, share.credit + 1))
redis.call('HINCRBY', base .. 'meta', 'calls', 1)
redis.call('HINCRBY', base .. 'meta', 'callEntries', #taken)
if m[2] then redis.call('HSET', base .. 'meta', 'probeAt', now + tonumber(m[4]), 'probeLease', lease, 'probes', tonumber(m[12] or 0) + 1) end
promise_by(shard, id, now + RUNNING_MS)
count_expired(base, shard, expired, ending, ttl)
if group then remove_group(group, #taken + #expired)
else remove_picked(base, item, { taken = #taken, expired = #expired }, passed, cap, now - math.max(bound, linger)) end
return leased(why, item, b.epoch, t.epoch, probe, whole, taken, now)
