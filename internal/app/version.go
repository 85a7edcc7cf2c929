package app

// Version is what this build calls itself; the build sets it with
// -ldflags "-X florin/internal/app.Version=…".
var Version = "dev"
