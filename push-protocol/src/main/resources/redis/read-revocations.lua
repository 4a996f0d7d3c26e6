-- Reads what was revoked of a user or of a token.
--
-- KEYS  1 the hash: of the user, or of the token
-- Returns a list of field, value; of a hash that cannot be read {"*", "", "jti", ""}, for it refuses all.

return revocations_of(KEYS[1]) or {'*', '', 'jti', ''}
