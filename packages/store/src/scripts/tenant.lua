--[[
  tenant: read the limit above the connections of a tenant.

  KEYS
    1 tenant      BASE    every key of the tenant starts with it
  ARGV
  RETURNS the fields of its hash: name, value, ...
]]
local tenant = KEYS[1]

return redis.call('HGETALL', tenant .. 'q')
