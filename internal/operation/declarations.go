package operation

import "slices"

// declarations are all operations, in the order of the documentation.
func declarations() []declaration {
	return slices.Concat(
		balanceOperations,
		customerOperations,
		chargeOperations,
	)
}
