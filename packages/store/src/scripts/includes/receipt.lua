-- receipt: counts of one request. `left` counts entries without an end; at 0 of a complete request the receipt may expire.
-- `listed` counts the fields e:<index>, the entries it names.
-- A receipt that is gone (expired, or pushed out by newer ones) is not made again.
local function settle_receipt(shard, ref, ended, ttl)
  local key = shard .. 'r:' .. ref
  local r = redis.call('HMGET', key, 'left', 'complete', 'delivered', 'dead', 'parked')
  if not r[1] then return end
  local left = tonumber(r[1]) - (ended.delivered + ended.dead + ended.parked)
  redis.call('HSET', key, 'left', left, 'delivered', (r[3] or 0) + ended.delivered, 'dead', (r[4] or 0) + ended.dead, 'parked', (r[5] or 0) + ended.parked)
  if left <= 0 and r[2] then redis.call('PEXPIRE', key, ttl) end
end
local function list_in_receipt(shard, ref, state, item, entry, reason, most)
  local key = shard .. 'r:' .. ref
  if redis.call('EXISTS', key) == 0 then return end
  if tonumber(redis.call('HGET', key, 'listed') or 0) >= most then return end
  redis.call('HINCRBY', key, 'listed', 1)
  redis.call('HSET', key, 'e:' .. index_of(entry), cjson.encode({ state, index_of(entry), item, attempts_of(entry), reason }))
end
