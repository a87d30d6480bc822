-- generations: what was seen lately, by numbers below 2^63, in collections so small that Redis packs them.
--   <index>                        hash   generation -> since, last, how many; x<generation> -> buckets of it still to be removed;
--                                         cut -> when the last number was seen of the newest generation that had to make room
--   <bucket><generation>:<nth>     what a family keeps there, one bucket for `per` numbers
-- A generation grows by linear hashing: it is small while it has few numbers, and no bucket comes near three times `per`.
-- A double cannot hold 63 bits, so buckets go by the last twelve decimal digits.
local REMOVED_MAX = 64
local function bucket_key(known, gen, bucket) return known.shard .. known.family.bucket .. gen.nth .. ':' .. bucket end
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
-- Whether a split moves the number from the bucket that is split to the one that is new.
local function moves(gen, id) return tonumber(string.sub(id, -12)) % (2 * gen.power) == gen.buckets end
-- The generations with a number younger than the window, oldest first. Nothing is written.
local function open_generations(shard, family, window, now)
  local known = { shard = shard, family = family, live = {}, dead = {}, removing = {}, next = 1, cut = 0 }
  local fields = redis.call('HGETALL', shard .. family.index)
  for j = 1, #fields, 2 do
    local nth = tonumber(fields[j])
    if nth then
      local since, last, count = string.match(fields[j + 1], '(%d+) (%d+) (%d+)')
      local gen = { nth = nth, since = tonumber(since), last = tonumber(last), count = tonumber(count) }
      set_buckets(gen, math.max(1, math.ceil(gen.count / family.per)))
      table.insert(gen.last + window > now and known.live or known.dead, gen)
      known.next = math.max(known.next, nth + 1)
    elseif fields[j] == 'cut' then known.cut = tonumber(fields[j + 1])
    else table.insert(known.removing, { nth = tonumber(string.sub(fields[j], 2)), left = tonumber(fields[j + 1]) }) end
  end
  table.sort(known.live, function(a, b) return a.nth < b.nth end)
  return known
end
-- The last generation, or one that begins now.
local function newest_generation(known, window, most, now)
  local gen = known.live[#known.live]
  if not gen or now - gen.since >= window / 2 or gen.count >= most / 4 then
    gen = { nth = known.next, since = now, count = 0, fresh = true }
    set_buckets(gen, 1)
    known.live[#known.live + 1] = gen
  end
  return gen
end
-- Makes room for `more`. Answers the first bucket that is new.
local function grow_generation(known, gen, more)
  local before = gen.fresh and 0 or gen.buckets
  gen.count = gen.count + more
  while gen.buckets < math.ceil(gen.count / known.family.per) do
    local from, to = bucket_key(known, gen, gen.buckets - gen.power), bucket_key(known, gen, gen.buckets)
    known.family.split(from, to, function(id) return moves(gen, id) end)
    set_buckets(gen, gen.buckets + 1)
  end
  return before
end
local function forget(known, gen)
  redis.call('HDEL', known.shard .. known.family.index, gen.nth)
  redis.call('HSET', known.shard .. known.family.index, 'x' .. gen.nth, gen.buckets)
end
-- Buckets of one forgotten generation, some at a time: all at once would hold everybody up.
local function remove_forgotten(known)
  local gen, index = known.removing[1], known.shard .. known.family.index
  if not gen then return end
  local left = math.max(0, gen.left - REMOVED_MAX)
  for bucket = left, gen.left - 1 do redis.call('UNLINK', bucket_key(known, gen, bucket)) end
  if left == 0 then redis.call('HDEL', index, 'x' .. gen.nth) else redis.call('HSET', index, 'x' .. gen.nth, left) end
end
-- After the new numbers were written: `before` is what grow_generation answered. The oldest generations are forgotten.
local function close_generation(known, gen, before, window, most, now)
  local index, total = known.shard .. known.family.index, 0
  -- What nobody comes to remove goes by itself, later than it may be needed.
  for bucket = before, gen.buckets - 1 do redis.call('PEXPIRE', bucket_key(known, gen, bucket), 2 * window) end
  redis.call('HSET', index, gen.nth, string.format('%d %d %d', gen.since, now, gen.count))
  for _, old in ipairs(known.dead) do forget(known, old) end
  for _, one in ipairs(known.live) do total = total + one.count end
  for j = 1, #known.live - 1 do
    if total <= most then break end
    total = total - known.live[j].count
    known.cut = known.live[j].last
    redis.call('HSET', index, 'cut', string.format('%d', known.cut))
    forget(known, known.live[j])
    if known.family.note then
      redis.call('SET', known.shard .. known.family.note, string.format('%d %d', known.cut, window), 'PX', 2 * window)
    end
  end
  remove_forgotten(known)
end
-- How far back everything is remembered, in milliseconds.
local function kept_ms(known, window, now)
  return math.max(0, math.min(window, now - known.cut))
end
