--[[
  erasure-notes: write down how far an erasure is, or find what was written of one.

  KEYS
    1 shard       BASE    every key of the shard starts with it
  ARGV
    1 action        note, find or running
    2 id            note, find: of the erasure
    3 digest        note, running: of the performer
    4 running       note: 1 = it goes on
    5 text          note: what there is to tell
    6 aliveMs       running: written within so long
    7 notesMax      note: of more, those that were written longest ago go
    8 keptMs        note: so long after the last one none is left
  RETURNS {status, id, digest, running, silentMs, text}
    noted    it is written
    found    as it was written
    none     there is none like that
]]
local shard, action, id, digest, running, text = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local alive_ms, notes_max, kept_ms = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])

local LOOKED_AT_MAX = 100
local us, now = clock()
local written, notes = shard .. 'erasedAt', shard .. 'erasures'
local function read(of)
  local whose, runs, told = string.match(redis.call('HGET', notes, of) or '', '^(%S+) ([01]) (.*)$')
  if not whose then return nil end
  return { 'found', of, whose, tonumber(runs), math.max(0, now - tonumber(redis.call('ZSCORE', written, of) or 0)), told }
end
if action == 'find' then return read(id) or { 'none' } end
if action == 'running' then
  for _, each in ipairs(redis.call('ZREVRANGEBYSCORE', written, '+inf', now - alive_ms, 'LIMIT', 0, LOOKED_AT_MAX)) do
    local note = read(each)
    if note and note[3] == digest and note[4] == 1 then return note end
  end
  return { 'none' }
end
redis.call('HSET', notes, id, digest .. ' ' .. running .. ' ' .. text)
redis.call('ZADD', written, now, id)
for _, key in ipairs({ written, notes }) do redis.call('PEXPIRE', key, kept_ms) end
local over = redis.call('ZCARD', written) - notes_max
if over > 0 then
  for _, old in ipairs(redis.call('ZRANGE', written, 0, over - 1)) do
    redis.call('ZREM', written, old)
    redis.call('HDEL', notes, old)
  end
end
return { 'noted' }
