-- expire: entries that have their end when their turn comes, without a call: a `viewed` whose start lies longer than
-- ending.viewed_max ago (0 = none is too old) is not worth one, and that of a performer who is being erased must not have one.
local VIEWED = '1'
local function is_erased(entry, ending) return ending.marks and ending.marks[digest_of(entry)] and true or false end
local function is_expired(entry, ending, now)
  return is_erased(entry, ending) or (ending.viewed_max > 0 and is_known(entry) and string.sub(entry, 2, 2) == VIEWED and now - start_of(entry) > ending.viewed_max)
end
local function split_expired(entries, ending, now)
  local kept, expired = {}, {}
  for _, entry in ipairs(entries) do table.insert(is_expired(entry, ending, now) and expired or kept, entry) end
  return kept, expired
end
-- Counts them where they have their end; the caller removes them from where they were.
local function count_expired(base, shard, expired, ending, ttl)
  if #expired == 0 then return end
  local receipts, erased = {}, 0
  for _, entry in ipairs(expired) do
    local ref = receipt_of(entry)
    local r = receipts[ref] or { delivered = 0, dead = 0, parked = 0, expired = 0, erased = 0 }
    receipts[ref] = r
    if is_erased(entry, ending) then
      local digest = digest_of(entry)
      ending.marks[digest].pending = ending.marks[digest].pending + 1
      write_mark(base, digest, ending.marks[digest])
      r.erased, erased = r.erased + 1, erased + 1
    else r.expired = r.expired + 1 end
  end
  for ref, r in pairs(receipts) do settle_receipt(shard, ref, r, ttl) end
  if #expired > erased then redis.call('HINCRBY', base .. 'meta', 'expired', #expired - erased) end
  if erased > 0 then redis.call('HINCRBY', base .. 'meta', 'erasedPending', erased) end
  redis.call('HINCRBY', base .. 'meta', 'pending', 0 - #expired)
end
