--[[
  checkup: try which commands the user may give that Sluice and BullMQ use, on keys of its own that are gone afterwards.

  KEYS
    1 shard       BASE    every key of the shard starts with it
  ARGV
  RETURNS {status, command, error, ...}
    done     every command that answered with an error follows, and what it said
]]
local shard = KEYS[1]

-- By the type of their key: a key is made by the first of its commands, and the others do it no harm.
local TRIED = {
  string = { { 'SET', '1' }, { 'GET' }, { 'EXISTS' }, { 'PEXPIRE', 60000 }, { 'PTTL' }, { 'PERSIST' }, { 'INCR' } },
  hash = {
    { 'HSET', 'a', 1 }, { 'HMSET', 'a', 1 }, { 'HSETNX', 'a', 1 }, { 'HINCRBY', 'a', 1 }, { 'HGET', 'a' }, { 'HMGET', 'a' }, { 'HGETALL' },
    { 'HEXISTS', 'a' }, { 'HLEN' }, { 'HDEL', 'b' },
  },
  list = {
    { 'RPUSH', 'a', 'a', 'a' }, { 'LPUSH', 'a' }, { 'LSET', 0, 'a' }, { 'LRANGE', 0, -1 }, { 'LINDEX', 0 }, { 'LLEN' }, { 'LPOS', 'a' },
    { 'LTRIM', 0, 9 }, { 'RPOP' }, { 'LREM', 1, 'b' },
  },
  set = { { 'SADD', 'a' }, { 'SISMEMBER', 'a' }, { 'SCARD' }, { 'SMEMBERS' }, { 'SREM', 'b' } },
  zset = {
    { 'ZADD', 1, 'a', 2, 'b' }, { 'ZSCORE', 'a' }, { 'ZCARD' }, { 'ZRANGE', 0, -1 }, { 'ZRANGEBYSCORE', 1, 1 }, { 'ZREVRANGE', 0, 0 },
    { 'ZREVRANGEBYSCORE', 1, 1 }, { 'ZCOUNT', 1, 1 }, { 'ZRANK', 'a' }, { 'ZREMRANGEBYRANK', 8, 9 }, { 'ZREMRANGEBYSCORE', 8, 9 },
    { 'ZSCAN', 0 }, { 'ZPOPMIN' }, { 'ZREM', 'c' },
  },
  stream = { { 'XADD', '*', 'a', 1 }, { 'XLEN' }, { 'XRANGE', '-', '+' }, { 'XREVRANGE', '+', '-' }, { 'XDEL', '1-1' }, { 'XTRIM', 'MAXLEN', 9 } },
  gone = { { 'UNLINK' }, { 'DEL' } },
}
local out = { 'done' }
local function try(command, ...)
  local answer = redis.pcall(command, ...)
  if type(answer) ~= 'table' or not answer.err then return end
  out[#out + 1] = command
  out[#out + 1] = answer.err
end
for kind, commands in pairs(TRIED) do
  local key = shard .. 'checkup:' .. kind
  for _, tried in ipairs(commands) do try(tried[1], key, unpack(tried, 2)) end
  redis.pcall('DEL', key)
end
local list = shard .. 'checkup:list'
try('RPOPLPUSH', list, list)
try('RENAME', list, list)
try('TIME')
return out
