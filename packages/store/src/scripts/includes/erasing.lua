-- erasing: performers who are being erased. While one is marked, none of its entries is leased: a take that meets one erases it.
--   meta.erasing   until when the mark stands that stands longest
--   erasing        hash   digest of the performer -> until when it is marked, erased so far: pending, dead, parked
local OBJECT_ID = '^' .. string.rep('%x', 8) .. string.rep('%-' .. string.rep('%x', 4), 3) .. '%-' .. string.rep('%x', 12) .. '$'
-- Does what packages/core/src/activity/fold-performer.ts says. An entry of another version is nobody's here.
local function performer_of(entry)
  if not is_known(entry) then return nil end
  local id = string.sub(entry, 51)
  return #id == 36 and string.find(id, OBJECT_ID) and string.lower(id) or id
end
local function read_mark(text)
  local ends, pending, dead, parked = string.match(text, '^(%d+) (%d+) (%d+) (%d+)$')
  return { ends = tonumber(ends), pending = tonumber(pending), dead = tonumber(dead), parked = tonumber(parked) }
end
local function write_mark(base, digest, mark)
  redis.call('HSET', base .. 'erasing', digest, string.format('%.0f %d %d %d', mark.ends, mark.pending, mark.dead, mark.parked))
end
-- The marks that stand, by digest; nil = there are none.
local function open_marks(base, ends, now)
  if not ends then return nil end
  if tonumber(ends) <= now then
    redis.call('HDEL', base .. 'meta', 'erasing')
    redis.call('DEL', base .. 'erasing')
    return nil
  end
  local marks, fields = {}, redis.call('HGETALL', base .. 'erasing')
  for j = 1, #fields, 2 do
    local mark = read_mark(fields[j + 1])
    if mark.ends > now then marks[fields[j]] = mark end
  end
  return marks
end
local function digest_of(entry)
  local performer = performer_of(entry)
  return performer and redis.sha1hex(performer)
end
