package operation

// TestCards are the numbers that create-token takes, for tests to try each.
var TestCards = testCards
