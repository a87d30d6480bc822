-- keyed: the Idempotency-Keys of requests that were stored lately, in hashes that Redis packs: at most 128 fields, and no value
-- longer than 64 bytes. A number that stands for caller, path and key leads to one line of fixed columns:
--   fingerprint 11   of what was sent
--   receipt     12   of the request that came first, '-' * 12 = it wants none
--   appended     *   entries of it that were stored
-- and while pieces of the request are still missing: | pieces stored | who stores them (12) | until when the others leave it alone.
-- A stream has no pieces that could be missing: its lines are remembered one by one, and all of its tries share a receipt.
local KEYED = { index = 'keyed', bucket = 'key:', per = 42 }
local CLAIM_MS, NO_RECEIPT = 1500, '------------'
function KEYED.split(from, to, is_moved)
  local all, ids, moved = redis.call('HGETALL', from), {}, {}
  for j = 1, #all, 2 do
    if is_moved(all[j]) then
      ids[#ids + 1], moved[#moved + 1], moved[#moved + 2] = all[j], all[j], all[j + 1]
    end
  end
  if #ids == 0 then return end
  redis.call('HDEL', from, unpack(ids))
  redis.call('HSET', to, unpack(moved))
end
local function read_key(line)
  local appended, pieces, owner, until_ms = string.match(string.sub(line, 24), '^(%d+)|?(%d*)|?([%w-]*)|?(%w*)$')
  return { fingerprint = string.sub(line, 1, 11), receipt = string.sub(line, 12, 23), appended = tonumber(appended),
    pieces = tonumber(pieces), owner = owner, until_ms = tonumber(until_ms, 36) }
end
local function find_key(known, id)
  for j = #known.live, 1, -1 do
    local gen = known.live[j]
    local line = redis.call('HGET', bucket_key(known, gen, bucket_of(gen, id)), id)
    if line then return read_key(line), gen end
  end
end
local function write_key(known, key, line, now)
  local gen, before = key.gen, nil
  if not gen then
    gen = newest_generation(known, key.window, key.most, now)
    before = grow_generation(known, gen, 1)
  end
  redis.call('HSET', bucket_key(known, gen, bucket_of(gen, key.id)), key.id, line)
  if before then close_generation(known, gen, before, key.window, key.most, now) end
end
local function open_line(r, pieces, owner, now)
  return r.fingerprint .. r.receipt .. string.format('%d|%d|', r.appended, pieces) .. owner .. '|' .. base36(now + CLAIM_MS, 8)
end
-- Decides for a piece with a key: nil = go on. Else the answer; only a takeover writes.
-- nth: 0 = the first piece of a JSON body, 's' = any of a stream.
local function check_key(known, key, now)
  local r
  r, key.gen = find_key(known, key.id)
  key.record = r or { fingerprint = key.fingerprint, receipt = key.receipt, appended = 0 }
  if not r then return nil end
  local kept = kept_ms(known, key.window, now)
  if r.fingerprint ~= key.fingerprint then return { 'key-reused', 0, now, 0, 0, kept } end
  if key.nth == 's' then return r.receipt ~= key.receipt and { 'resumed', 0, now, 0, 0, kept, r.receipt, 0 } or nil end
  if not r.pieces then return { 'replayed', r.appended, now, 0, 0, kept, r.receipt } end
  if r.owner == key.owner and r.pieces == tonumber(key.nth) then return nil end
  if r.owner ~= key.owner and (key.nth ~= '0' or r.until_ms > now) then
    return { 'in-progress', math.max(0, r.until_ms - now), now, 0, 0, kept }
  end
  write_key(known, key, open_line(r, r.pieces, key.owner, now), now)
  return { 'resumed', r.appended, now, 0, 0, kept, r.receipt, r.pieces }
end
-- With what it names, in one step. Answers how far back keys are remembered.
local function remember_key(known, key, appended, last, now)
  local r = key.record
  if key.nth ~= 's' then
    r.appended = r.appended + appended
    write_key(known, key, last and r.fingerprint .. r.receipt .. r.appended or open_line(r, tonumber(key.nth) + 1, key.owner, now), now)
  elseif not key.gen then write_key(known, key, r.fingerprint .. r.receipt .. '0', now) end
  return kept_ms(known, key.window, now)
end
