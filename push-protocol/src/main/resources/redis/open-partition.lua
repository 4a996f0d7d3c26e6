-- Opens a partition that ends by itself, or sets its end anew: makes the keys to which other scripts give no expiry, where they
-- are missing, and lets all of them end after the same time. Each other key of a partition has an expiry of its own.
--
-- KEYS  1 clock  2 run  3 since  4 last  5 presence  6 renewals
-- ARGV  1 run id of the server  2 ms until the keys end
-- Returns "OK".

redis.call('SET', KEYS[1], string.format('%.0f-0', time_ms()), 'NX')
redis.call('SET', KEYS[2], ARGV[1], 'NX')
redis.call('SET', KEYS[3], '0-0', 'NX')
-- A field that no user, channel or node has keeps a hash, and with it the expiry, when its last other field is removed.
redis.call('HSETNX', KEYS[4], '', '0-0')
redis.call('HSETNX', KEYS[5], '', '- - 0-0 - 0 normal 0 0')
redis.call('HSETNX', KEYS[6], '', '0.0')
for i = 1, #KEYS do
	redis.call('PEXPIRE', KEYS[i], ARGV[2])
end
return 'OK'
