--[[
  tail: read what happened in a connection since the last time, and say for how long somebody listens.

  KEYS
    1 connection  BASE    every key of the connection starts with it
  ARGV
    1 callAfter       id of the last call that was read; '' = from now on
    2 pieceAfter      of the last piece
    3 most            calls, and pieces; the newest are read
    4 listenMs        what is accepted is kept to be told for so long; 0 = it is not
  RETURNS {status, nowMs, appended, callsEnded, callAfter, pieceAfter, calls, pieces}
    known    calls are lease, at, 1 = stale, told, ...; pieces are at, told, ...; newest first
    unknown  nothing was ever accepted for it
]]
local base, call_after, piece_after, most, listen_ms = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

local us, now = clock()
local m = redis.call('HMGET', base .. 'meta', 'appended', 'calls', 'tailed')
if not m[1] then return { 'unknown', now } end
local ended = tonumber(m[2] or 0) - redis.call('ZCARD', base .. 'lease')
-- Of a stream, newest first: the id to go on after, and what came after the one before.
local function read(stream, after, fields)
  local raws = redis.call('XREVRANGE', base .. stream, '+', after == '' and '-' or '(' .. after, 'COUNT', after == '' and 1 or most)
  local last = raws[1] and raws[1][1] or (after == '' and '0-0' or after)
  local out = {}
  if after ~= '' then
    for _, raw in ipairs(raws) do
      for _, nth in ipairs(fields) do out[#out + 1] = raw[2][nth] end
    end
  end
  return last, out
end
local call_last, calls = read('calls', call_after, { 2, 6, 8, 10 })
local piece_last, pieces = read('accepted', piece_after, { 2, 4 })
-- Written once in a while and not with each look: a look costs no write then.
if listen_ms > 0 and tonumber(m[3] or 0) < now + listen_ms / 2 then redis.call('HSET', base .. 'meta', 'tailed', now + listen_ms) end
return { 'known', now, tonumber(m[1]), ended, call_last, piece_last, calls, pieces }
