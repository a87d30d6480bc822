-- remembered: the ids of entries that were stored lately, as numbers below 2^63 in sets so small that Redis keeps them as
-- sorted integers: 8 bytes an id, and a key for some hundred of them.
--   ids                        hash   generation -> since, last, how many; x<generation> -> buckets of it still to be removed
--   id:<generation>:<bucket>   set
--   idsForgotten               string   the last id that was forgotten before its window was over came then
-- A generation grows by linear hashing, one bucket for BUCKET_IDS ids: it is small while it has few ids, and no bucket
-- comes near the 512 up to which a set stays sorted integers. A double cannot hold 63 bits, so buckets go by the last
-- twelve decimal digits.
local BUCKET_IDS, REMOVED_MAX = 170, 64
local function bucket_key(shard, gen, bucket) return shard .. 'id:' .. gen.nth .. ':' .. bucket end
local function set_buckets(gen, buckets)
  gen.buckets = buckets
  local _, e = math.frexp(gen.buckets)
  gen.power = 2 ^ (e - 1) -- the greatest power of 2 that is not above the number of buckets
end
local function bucket_of(gen, id)
  local n = tonumber(string.sub(id, -12))
  local bucket = n % (2 * gen.power)
  return bucket < gen.buckets and bucket or n % gen.power
end
-- The generations with an id younger than the window, oldest first. Nothing is written.
local function open_ids(shard, window, now)
  local ids, fields = { shard = shard, live = {}, dead = {}, removing = {}, new = {}, seen = {}, next = 1 }, redis.call('HGETALL', shard .. 'ids')
  for j = 1, #fields, 2 do
    local nth = tonumber(fields[j])
    if nth then
      local since, last, count = string.match(fields[j + 1], '(%d+) (%d+) (%d+)')
      local gen = { nth = nth, since = tonumber(since), last = tonumber(last), count = tonumber(count) }
      set_buckets(gen, math.max(1, math.ceil(gen.count / BUCKET_IDS)))
      table.insert(gen.last + window > now and ids.live or ids.dead, gen)
      ids.next = math.max(ids.next, nth + 1)
    else table.insert(ids.removing, { nth = tonumber(string.sub(fields[j], 2)), left = tonumber(fields[j + 1]) }) end
  end
  table.sort(ids.live, function(a, b) return a.nth < b.nth end)
  return ids
end
-- Whether an id is seen for the first time; if so it is one of those to be remembered.
local function is_new(ids, id)
  if ids.seen[id] then return false end
  for j = #ids.live, 1, -1 do
    local gen = ids.live[j]
    if redis.call('SISMEMBER', bucket_key(ids.shard, gen, bucket_of(gen, id)), id) == 1 then return false end
  end
  ids.seen[id] = true
  ids.new[#ids.new + 1] = id
  return true
end
-- One more bucket: it takes its share from the one that it was part of so far.
local function split_bucket(ids, gen)
  local from, new, moved = gen.buckets - gen.power, gen.buckets, {}
  for _, id in ipairs(redis.call('SMEMBERS', bucket_key(ids.shard, gen, from))) do
    if tonumber(string.sub(id, -12)) % (2 * gen.power) == new then moved[#moved + 1] = id end
  end
  if #moved == 0 then return end
  redis.call('SREM', bucket_key(ids.shard, gen, from), unpack(moved))
  redis.call('SADD', bucket_key(ids.shard, gen, new), unpack(moved))
end
local function add_new(ids, gen, window)
  local buckets, before = {}, gen.buckets
  gen.count = gen.count + #ids.new
  local wanted = math.ceil(gen.count / BUCKET_IDS)
  while gen.buckets < wanted do
    split_bucket(ids, gen)
    set_buckets(gen, gen.buckets + 1)
  end
  for _, id in ipairs(ids.new) do
    local bucket = bucket_of(gen, id)
    buckets[bucket] = buckets[bucket] or {}
    table.insert(buckets[bucket], id)
  end
  for bucket, list in pairs(buckets) do redis.call('SADD', bucket_key(ids.shard, gen, bucket), unpack(list)) end
  -- What nobody comes to remove goes by itself, later than it may be needed.
  for bucket = gen.fresh and 0 or before, gen.buckets - 1 do redis.call('PEXPIRE', bucket_key(ids.shard, gen, bucket), 2 * window) end
end
local function forget(ids, gen)
  redis.call('HDEL', ids.shard .. 'ids', gen.nth)
  redis.call('HSET', ids.shard .. 'ids', 'x' .. gen.nth, gen.buckets)
end
-- Buckets of one forgotten generation, some at a time: all at once would hold everybody up.
local function remove_forgotten(ids)
  local gen = ids.removing[1]
  if not gen then return end
  local left = math.max(0, gen.left - REMOVED_MAX)
  for bucket = left, gen.left - 1 do redis.call('UNLINK', bucket_key(ids.shard, gen, bucket)) end
  if left == 0 then redis.call('HDEL', ids.shard .. 'ids', 'x' .. gen.nth)
  else redis.call('HSET', ids.shard .. 'ids', 'x' .. gen.nth, left) end
end
-- Remembers what was new, in the last generation or one that begins now; the oldest ones are forgotten.
local function remember_new(ids, window, most, now)
  if #ids.new == 0 then return end
  local gen, total = ids.live[#ids.live], 0
  if not gen or now - gen.since >= window / 2 or gen.count >= most / 4 then
    gen = { nth = ids.next, since = now, count = 0, fresh = true }
    set_buckets(gen, 1)
    ids.live[#ids.live + 1] = gen
  end
  add_new(ids, gen, window)
  redis.call('HSET', ids.shard .. 'ids', gen.nth, string.format('%d %d %d', gen.since, now, gen.count))
  for _, old in ipairs(ids.dead) do forget(ids, old) end
  for _, one in ipairs(ids.live) do total = total + one.count end
  for j = 1, #ids.live - 1 do
    if total <= most then break end
    total = total - ids.live[j].count
    forget(ids, ids.live[j])
    redis.call('SET', ids.shard .. 'idsForgotten', string.format('%d %d', ids.live[j].last, window), 'PX', 2 * window)
  end
  remove_forgotten(ids)
end
