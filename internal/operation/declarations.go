package operation

import "slices"

// declarations are all operations, in the order of the documentation.
func declarations() []declaration {
	return slices.Concat(
		balanceOperations,
		customerOperations,
		paymentIntentOperations,
		chargeOperations,
		refundOperations,
		paymentMethodOperations,
		setupIntentOperations,
		tokenOperations,
		couponOperations,
		promotionOperations,
		productOperations,
		priceOperations,
		subscriptionOperations,
		invoiceOperations,
		meterOperations,
		checkoutOperations,
		paymentLinkOperations,
		disputeOperations,
		accountOperations,
		transferOperations,
		payoutOperations,
		eventOperations,
		requestOperations,
	)
}
