-- expire: a `viewed` whose start lies longer than viewed_max ago is not worth a call. viewed_max 0 = none is too old.
local VIEWED = '1'
local function is_expired(entry, viewed_max, now)
  return viewed_max > 0 and string.sub(entry, 2, 2) == VIEWED and now - start_of(entry) > viewed_max
end
local function split_expired(entries, viewed_max, now)
  local kept, expired = {}, {}
  for _, entry in ipairs(entries) do table.insert(is_expired(entry, viewed_max, now) and expired or kept, entry) end
  return kept, expired
end
-- Counts them where they have their end; the caller removes them from where they were.
local function count_expired(base, shard, expired, ttl)
  if #expired == 0 then return end
  local receipts = {}
  for _, entry in ipairs(expired) do
    local ref = receipt_of(entry)
    receipts[ref] = (receipts[ref] or 0) + 1
  end
  for ref, n in pairs(receipts) do settle_receipt(shard, ref, { delivered = 0, dead = 0, parked = 0, expired = n }, ttl) end
  redis.call('HINCRBY', base .. 'meta', 'expired', #expired)
  redis.call('HINCRBY', base .. 'meta', 'pending', 0 - #expired)
end
