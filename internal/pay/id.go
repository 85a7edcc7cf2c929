package pay

import "strings"

// ID names one row of ours: a UUID in its lower-case text form. Ids are made
// by engine (version 7, so that they sort by time); pay only checks them.
type ID string

// ParseID checks that s has the form of a UUID.
//
// Errors: invalid_id.
func ParseID(s string) (ID, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) != 36 {
		return "", Invalid(CodeInvalidID, "", "an id is a UUID such as 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90")
	}
	for i, c := range s {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := c >= '0' && c <= '9' || c >= 'a' && c <= 'f'
		if dash != (c == '-') || !dash && !hex {
			return "", Invalid(CodeInvalidID, "", "an id is a UUID such as 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90")
		}
	}
	return ID(s), nil
}

// String is the id as text.
func (id ID) String() string { return string(id) }
