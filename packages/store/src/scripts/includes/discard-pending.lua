-- discard-pending: entries that wait end without a call, because an operator says so. Each answers how many did.
local function count_discarded(base, shard, entries, ttl)
  local receipts = {}
  for _, entry in ipairs(entries) do receipts[receipt_of(entry)] = (receipts[receipt_of(entry)] or 0) + 1 end
  for ref, n in pairs(receipts) do settle_receipt(shard, ref, { delivered = 0, dead = 0, parked = 0, discarded = n }, ttl) end
  redis.call('HINCRBY', base .. 'meta', 'discardedPending', #entries)
  redis.call('HINCRBY', base .. 'meta', 'pending', 0 - #entries)
  return #entries
end
-- A group is an item and then its entries, no more than a call has.
local function discard_delayed(base, shard, most, ttl)
  local gone = 0
  for _, set in ipairs({ 'later', 'whole' }) do
    for _, group in ipairs(redis.call('ZRANGE', base .. set, 0, most)) do
      if gone >= most then return gone end
      local entries = redis.call('LRANGE', base .. 'g:' .. group, 1, -1)
      gone = gone + count_discarded(base, shard, entries, ttl)
      redis.call('HINCRBY', base .. 'meta', 'delayed', 0 - #entries)
      redis.call('ZREM', base .. set, group)
      redis.call('DEL', base .. 'g:' .. group)
    end
  end
  return gone
end
local function discard_waiting(base, shard, most, cap, ttl)
  local gone = 0
  if most <= 0 then return gone end
  for _, item in ipairs(redis.call('ZRANGE', base .. 'age', 0, most - 1)) do
    if gone >= most then return gone end
    local entries = redis.call('LRANGE', base .. 'i:' .. item, 0, most - gone - 1)
    gone = gone + count_discarded(base, shard, entries, ttl)
    redis.call('LTRIM', base .. 'i:' .. item, #entries, -1)
    index_item(base, item, cap)
  end
  return gone
end
