--[[
  settle: end a lease and carry out the settlement of its batch.

  KEYS
    1 connection  BASE    every key of the connection starts with it
    2 shard       BASE    every key of the shard starts with it
    3 tenant      BASE    every key of the connection's tenant starts with it
  ARGV
    1 connectionId
    2 leaseId
    3 epoch             the call was granted in
    4 quota             accepted, refused or none
    5 closeMs           nobody calls for so long; 0 = no closure
    6 failed            1 = one more failed call in a row, 0 = none in a row, '' = says nothing
    7 block             held, breaker or '' = no block by this call
    8 blockReason
    9 probeEveryMs
    10 groupsWhole      1 = groups are taken whole
    11 unknownReason    '' = no entry is unknown
    12 unknownEntries
    13 deadLettersMax
    14 receiptTtlMs
    15 entriesMax
    16 verdicts         one letter an entry: d delivered, r requeued, c requeued and counted, x dead, p parked
    17 groupOf          one base-36 digit an entry, '-' where it is not requeued
    18 delays           JSON list, by group number: milliseconds
    19 reasons          JSON list of JSON strings, one for each x and p in order
    20 inFlightMax      what answered calls raise the calls in flight to
    21 tenantEpoch      the call was granted in
    22 target           found, missing, presumed or '' = says nothing of it
    23 item             of what is told; '' = nothing is
    24 told             JSON: what people are shown of the call
    25 toldFailed       1 = not everything was delivered
  RETURNS {status, wakeAtMs, nowMs, bucket, tenantBucket}
    settled  done
    again    this lease was settled by an earlier sending of this command; nothing changed
    stale    the lease was reclaimed: no entry changed, what the call says of the quota counted; nothing at
             all where the connection was forgotten since
  WHY ONE SCRIPT
    Between removing a delivered entry and ending its lease nobody may look: it would be sent twice or lost.
]]
local base, shard, id, lease, epoch, quota, close_ms = KEYS[1], KEYS[2], ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local failed, block, block_reason, probe_every, whole = ARGV[6], ARGV[7], ARGV[8], tonumber(ARGV[9]), ARGV[10] == '1'
local unknown_reason, unknown_entries, dead_max, ttl, cap = ARGV[11], tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15])
local verdicts, group_of, delays, reasons = ARGV[16], ARGV[17], cjson.decode(ARGV[18]), cjson.decode(ARGV[19])
local tenant, in_flight_max, tenant_epoch, target = KEYS[3], tonumber(ARGV[20]), tonumber(ARGV[21]), ARGV[22]
local told_item, told, told_failed = ARGV[23], ARGV[24], ARGV[25] == '1'
local SETTLED_MAX = 4096

local us, now = clock()
if redis.call('ZSCORE', shard .. 'settled', lease) then return { 'again', 0, now, {}, {} } end
local m = redis.call('HMGET', base .. 'meta', 'paused', 'block', 'gate', 'still', 'blockedSince', 'inFlight', 'loweredAt', 'probeLease', 'found')
local kept = redis.call('XLEN', base .. 'dead') + redis.call('XLEN', base .. 'parked')
local b, t = read_bucket(base), read_tenant(tenant, now)
local list = redis.call('LRANGE', base .. 'l:' .. lease, 0, -1)
local status, item, entries = #list > 0 and 'settled' or 'stale', list[1], rest(list, 5)
if status == 'settled' and #entries ~= #verdicts then return redis.error_reply('SETTLEMENT ' .. #verdicts .. ' verdicts for ' .. #entries .. ' entries') end
local function remember()
  redis.call('ZADD', shard .. 'settled', now, lease)
  redis.call('ZREMRANGEBYRANK', shard .. 'settled', 0, -SETTLED_MAX - 1)
end
-- There is a bucket from the first take on: without one the connection is gone, or anew and not that of the call.
if status == 'stale' and not b.known then
  remember()
  return { 'stale', '0', now, {}, {} }
end
local awake = awake_ms(now, tonumber(m[4] or 0), m[5] and tonumber(m[5]), b.closed)
local call = { connection = id, quota = quota, epoch = epoch, tenant_epoch = tenant_epoch, close_ms = close_ms, failed = failed, block = block, reason = block_reason, every = probe_every, target = target }
settle_target(base, m[9], call)
local wake_at = settle_call(base, m, b, tenant, t, now, call)
if lease == m[8] and (m[2] or call.block ~= '') then wake_at = next_probe(base, m) end
count_in_flight(base, { now = m[6], lowered = m[7] }, { quota = quota, failed = failed, max = in_flight_max }, now)

if status == 'settled' then
  local counts, receipts, groups, nth = { d = 0, r = 0, c = 0, x = 0, p = 0 }, {}, {}, 0
  for j, entry in ipairs(entries) do
    local verdict = string.sub(verdicts, j, j)
    counts[verdict] = counts[verdict] + 1
    if verdict == 'r' or verdict == 'c' then
      local g = tonumber(string.sub(group_of, j, j), 36)
      groups[g] = groups[g] or {}
      table.insert(groups[g], verdict == 'c' and with_attempt(entry, awake) or entry)
    else
      local ref = receipt_of(entry)
      local r = receipts[ref] or { delivered = 0, dead = 0, parked = 0 }
      receipts[ref] = r
      if verdict == 'd' then r.delivered = r.delivered + 1
      else
        local stream = verdict == 'x' and 'dead' or 'parked'
        nth, r[stream], entry = nth + 1, r[stream] + 1, with_attempt(entry, awake)
        redis.call('XADD', base .. stream, '*', 'item', item, 'entry', entry, 'reason', reasons[nth], 'at', now)
        list_in_receipt(shard, ref, stream, item, entry, reasons[nth], 100)
      end
    end
  end
  for g, group in pairs(groups) do
    local due = now + delays[g + 1]
    keep_group(base, lease .. ':' .. g, item, group, whole, due)
    wake_at = math.min(wake_at, due)
  end
  for ref, r in pairs(receipts) do settle_receipt(shard, ref, r, ttl) end
  count_settled(base, counts)
  if kept + counts.x + counts.p >= dead_max then begin_block(base, m, now, 'held', DEAD_LETTERS_FULL, 60000) end
end
if unknown_reason ~= '' then
  redis.call('XADD', base .. 'unknown', 'MAXLEN', '~', 10000, '*', 'lease', lease, 'item', item or '', 'entries', unknown_entries, 'reason', unknown_reason, 'at', now)
  if status == 'settled' then redis.call('HINCRBY', base .. 'meta', 'unknown', unknown_entries) end
end
if status == 'stale' then redis.call('HINCRBY', base .. 'meta', 'staleSettles', 1) end
if told_item ~= '' then tell_call(base, told_failed and FAILED_CALLS or ALL_CALLS, { lease = lease, item = told_item, at = now, stale = status == 'stale' and 1 or 0, told = told }) end

local wake = 0
local nobody = not redis.call('ZSCORE', shard .. 'wake', id) and tonumber(redis.call('HGET', base .. 'meta', 'pending') or 0) > 0
if nobody then wake_at = math.min(wake_at, now) end
if wake_at < math.huge and not m[1] then wake = lower_promise(shard, id, wake_at, tonumber(m[3] or 0)) end
remember()
redis.call('ZREM', base .. 'lease', lease)
redis.call('DEL', base .. 'l:' .. lease)
return { status, string.format('%.0f', wake), now, to_learn(base, b, now), tenant_to_learn(tenant, t, now) }
