-- receipt: counts of one request. `left` counts entries without an end; at 0 the receipt may expire, whether or not the
-- request came to its end: what comes later makes it stay again.
-- `listed` counts the fields e:<index>, the entries it names.
-- A receipt that is gone (expired, or pushed out by newer ones) is not made again.
-- A stream that is sent again says again what it said before: up to line `lines` that is in the receipt already.
local LISTED_MAX = 100
local function open_receipt(shard, ref, connection, found, now, ttl)
  local key = shard .. 'r:' .. ref
  if redis.call('HSETNX', key, 'connection', connection) == 1 then
    redis.call('HSET', key, 'at', now)
    redis.call('ZADD', shard .. 'receipts', now, ref)
  else redis.call('PERSIST', key) end
  local left = redis.call('HINCRBY', key, 'left', found.appended)
  redis.call('HINCRBY', key, 'appended', found.appended)
  local told = found.line > 0 and found.line <= tonumber(redis.call('HGET', key, 'lines') or 0)
  if found.duplicates > 0 and not told then redis.call('HINCRBY', key, 'duplicates', found.duplicates) end
  if found.rejected > 0 and not told then
    redis.call('HINCRBY', key, 'rejected', found.rejected)
    local listed = tonumber(redis.call('HGET', key, 'listed') or 0)
    for j = 1, math.min(tonumber(ARGV[found.from]), LISTED_MAX - listed) do
      local index = string.match(ARGV[found.from + j], '%d+')
      redis.call('HSET', key, 'e:' .. index, ARGV[found.from + j])
      redis.call('HINCRBY', key, 'listed', 1)
    end
  end
  if found.line > 0 and not told then redis.call('HSET', key, 'lines', found.line) end
  if found.last then redis.call('HSET', key, 'complete', 1) end
  if left <= 0 then redis.call('PEXPIRE', key, ttl) end
end
local function settle_receipt(shard, ref, ended, ttl)
  local key = shard .. 'r:' .. ref
  local r = redis.call('HMGET', key, 'left', 'complete', 'delivered', 'dead', 'parked')
  local expired, erased, discarded = ended.expired or 0, ended.erased or 0, ended.discarded or 0
  if not r[1] then return end
  local left = tonumber(r[1]) - (ended.delivered + ended.dead + ended.parked + expired + erased + discarded)
  redis.call('HSET', key, 'left', left, 'delivered', (r[3] or 0) + ended.delivered, 'dead', (r[4] or 0) + ended.dead, 'parked', (r[5] or 0) + ended.parked)
  if expired > 0 then redis.call('HINCRBY', key, 'expired', expired) end
  if erased > 0 then redis.call('HINCRBY', key, 'erased', erased) end
  if discarded > 0 then redis.call('HINCRBY', key, 'discarded', discarded) end
  if left <= 0 then redis.call('PEXPIRE', key, ttl) end
end
local function list_in_receipt(shard, ref, state, item, entry, reason, most)
  local key = shard .. 'r:' .. ref
  if redis.call('EXISTS', key) == 0 then return end
  if tonumber(redis.call('HGET', key, 'listed') or 0) >= most then return end
  redis.call('HINCRBY', key, 'listed', 1)
  redis.call('HSET', key, 'e:' .. index_of(entry), cjson.encode({ state, index_of(entry), item, attempts_of(entry), reason }))
end
-- Over the maximum the oldest receipts go, at most two an append. Names of receipts that expired are cleared away now and
-- then from the old end, so that the list is not longer than what it lists.
local CLEAR_EVERY, CLEARED_MAX = 16, 32
local function bound_receipts(shard, most, nth)
  local over = redis.call('ZCARD', shard .. 'receipts') - most
  if over > 0 then
    local out = redis.call('ZPOPMIN', shard .. 'receipts', math.min(over, 2))
    for j = 1, #out, 2 do redis.call('DEL', shard .. 'r:' .. out[j]) end
  end
  if nth % CLEAR_EVERY ~= 0 then return end
  for _, ref in ipairs(redis.call('ZRANGE', shard .. 'receipts', 0, CLEARED_MAX - 1)) do
    if redis.call('EXISTS', shard .. 'r:' .. ref) == 0 then redis.call('ZREM', shard .. 'receipts', ref) end
  end
end
