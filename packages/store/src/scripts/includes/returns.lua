-- returns: what comes back to pending by itself at a take: reclaimed leases and due retry groups, at most 4 of each; of the
-- groups fewer while calls fail, as packages/core/src/batch/retry-share.ts says.
local RETURNS_MAX, CREDIT_OF_RETRY, CREDIT_MAX, FAILING_MS, TRICKLE_MS = 4, 5, 20, 10000, 1000
-- A lease list is: item, epoch, epoch of the tenant, flags (1 = whole, 2 = probe, added), entries. A group list is: item, entries.
local function rest(list, from)
  local entries = {}
  for j = from, #list do entries[#entries + 1] = list[j] end
  return entries
end
local function keep_group(base, group, item, entries, whole, due)
  redis.call('RPUSH', base .. 'g:' .. group, item, unpack(entries))
  redis.call('ZADD', base .. (whole and 'whole' or 'later'), due, group)
  redis.call('HINCRBY', base .. 'meta', 'delayed', #entries)
end
-- A lease whose time is over is a call whose outcome nobody knows: recorded with its id, its entries go back or are parked.
local function reclaim(base, shard, cap, policy, now, ttl)
  for _, lease in ipairs(redis.call('ZRANGEBYSCORE', base .. 'lease', '-inf', now, 'LIMIT', 0, RETURNS_MAX)) do
    local list = redis.call('LRANGE', base .. 'l:' .. lease, 0, -1)
    local item, whole, entries = list[1], list[4] % 2 == 1, rest(list, 5)
    redis.call('XADD', base .. 'unknown', 'MAXLEN', '~', 10000, '*', 'lease', lease, 'item', item, 'entries', #entries, 'reason', 'lease_reclaimed', 'at', now)
    redis.call('HINCRBY', base .. 'meta', 'unknown', #entries)
    local told = { itemId = item, status = 'lost', requestId = cjson.null, reason = 'lease_reclaimed: the worker stopped before it knew the outcome', durationMs = 0, delivered = 0, retried = #entries, dead = 0, parked = 0 }
    if policy == 'park' then told.retried, told.parked = 0, #entries end
    tell_call(base, FAILED_CALLS, { lease = lease, item = item, at = now, stale = 0, told = cjson.encode(told) })
    if policy == 'park' then
      local reason = cjson.encode({ code = 'lease_reclaimed', message = 'The worker stopped before it knew the outcome.' })
      for _, entry in ipairs(entries) do
        redis.call('XADD', base .. 'parked', '*', 'item', item, 'entry', entry, 'reason', reason, 'at', now)
        list_in_receipt(shard, receipt_of(entry), 'parked', item, entry, reason, 100)
        settle_receipt(shard, receipt_of(entry), { delivered = 0, dead = 0, parked = 1 }, ttl)
      end
      redis.call('HINCRBY', base .. 'meta', 'parked', #entries)
      redis.call('HINCRBY', base .. 'meta', 'pending', 0 - #entries)
    elseif whole then keep_group(base, lease .. ':r', item, entries, true, now)
    else give_back(base, item, entries, cap) end
    redis.call('ZREM', base .. 'lease', lease)
    redis.call('DEL', base .. 'l:' .. lease)
  end
end
-- Answers how many came back.
local function bring_back_due(base, cap, now, most)
  local due = redis.call('ZRANGEBYSCORE', base .. 'later', '-inf', now, 'LIMIT', 0, most)
  for _, group in ipairs(due) do
    local list = redis.call('LRANGE', base .. 'g:' .. group, 0, -1)
    give_back(base, list[1], rest(list, 2), cap)
    redis.call('HINCRBY', base .. 'meta', 'delayed', 1 - #list)
    redis.call('ZREM', base .. 'later', group)
    redis.call('DEL', base .. 'g:' .. group)
  end
  return #due
end
-- The share of retries: when a call failed last, the credit, when one came back without credit.
local function open_share(lowered, credit, trickled, now)
  local s = { lowered = tonumber(lowered or 0), credit = tonumber(credit or 0), trickled = tonumber(trickled or 0) }
  s.failing = now - s.lowered < FAILING_MS
  return s
end
local function bring_back_share(base, cap, now, share)
  if not share.failing then return bring_back_due(base, cap, now, RETURNS_MAX) end
  local back = bring_back_due(base, cap, now, math.min(RETURNS_MAX, math.floor(share.credit / CREDIT_OF_RETRY)))
  share.credit = share.credit - back * CREDIT_OF_RETRY
  if back > 0 then redis.call('HSET', base .. 'meta', 'retryCredit', share.credit) end
end
-- Nothing else is ready: one of those kept back. Answers whether one came.
local function trickle(base, cap, now, share)
  if not share.failing or now - share.trickled < TRICKLE_MS or bring_back_due(base, cap, now, 1) == 0 then return false end
  share.trickled = now
  redis.call('HSET', base .. 'meta', 'trickledAt', now)
  return true
end
-- When the first of the retry groups can come back; it may be due and kept back.
local function comes_back_at(share, due, now)
  return share.failing and due <= now and math.min(share.trickled + TRICKLE_MS, share.lowered + FAILING_MS) or due
end
