--[[
  note-trace: keep the trace that a request belongs to with its receipt.

  KEYS
    1 shard       BASE    every key of the shard starts with it
  ARGV
    1 receipt         receipt ref
    2 traceparent
  RETURNS {status}
    noted    it is kept, or another one was before
    gone     there is no such receipt; nothing changed
]]
local shard, ref, traceparent = KEYS[1], ARGV[1], ARGV[2]

local key = shard .. 'r:' .. ref
-- A hash that only held a trace would be a receipt that never expires.
if redis.call('EXISTS', key) == 0 then return { 'gone' } end
redis.call('HSETNX', key, 'trace', traceparent)
return { 'noted' }
