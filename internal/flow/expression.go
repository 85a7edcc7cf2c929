package flow

type expression struct{}
type value struct{}
type variable struct{}
