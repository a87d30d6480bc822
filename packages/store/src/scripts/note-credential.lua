--[[
  note-credential: keep when the credential of a tenant ends.

  KEYS
    1 shard       BASE    every key of the shard starts with it
  ARGV
    1 tenantId
    2 expiresAtMs     '' = it does not, or nobody knows
  RETURNS {status}
    noted    done
]]
local shard, tenant, expires_at = KEYS[1], ARGV[1], ARGV[2]

if expires_at == '' then redis.call('HDEL', shard .. 'credentials', tenant)
else redis.call('HSET', shard .. 'credentials', tenant, expires_at) end
return { 'noted' }
