package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// A restricted key says in its own name what it may do, since there is no
// dashboard to set it in: rk_test_shop_may_charge_read_refund_write belongs to
// the account of sk_test_shop, reads charges, and reads and writes refunds. The
// words are those of Stripe's permissions (rak_charge_read). A restricted key
// without _may_ may do all.

// mayMark begins the permissions in a key.
const mayMark = "_may_"

// namespaces are the first words of paths that only group resources.
var namespaces = []string{"apps", "billing", "billing_portal", "checkout", "climate", "entitlements", "financial_connections", "forwarding",
	"identity", "issuing", "radar", "reporting", "sigma", "tax", "terminal", "test_helpers", "treasury"}

// permissions are what a key may do to each resource: true to write too.
type permissions map[string]bool

// splitPermissions takes the permissions off what follows rk_test_; nil is all.
func splitPermissions(rest string) (family string, may permissions) {
	family, listed, restricted := strings.Cut(rest, mayMark)
	if !restricted {
		return rest, nil
	}
	may = permissions{}
	var resource []string
	for _, word := range strings.Split(listed, "_") {
		switch word {
		case "read", "write":
			name := strings.Join(resource, "_")
			may[name] = may[name] || word == "write"
			resource = nil
		default:
			resource = append(resource, word)
		}
	}
	return family, may
}

// permissionFor is the resource that a path is about, as permissions name it.
func permissionFor(path string) string {
	words := strings.Split(strings.TrimPrefix(path, "/v1/"), "/")
	name := words[0]
	if slices.Contains(namespaces, name) && len(words) > 1 {
		name += "_" + words[1]
	}
	return strings.TrimSuffix(name, "s")
}

// permits refuses with Stripe's words what a restricted key may not do.
func (who credential) permits(r *http.Request, account string) error {
	if who.may == nil {
		return nil
	}
	resource, verb := permissionFor(r.URL.Path), "write"
	if r.Method == http.MethodGet {
		verb = "read"
	}
	writes, listed := who.may[resource]
	if listed && (writes || verb == "read") {
		return nil
	}
	e := invalidRequest(fmt.Sprintf("The provided key '%s' does not have the required permissions for this endpoint on account '%s'. Having the 'rak_%s_%s' permission would allow this request to continue.",
		maskKey(who.key), account, resource, verb)).withCode("more_permissions_required")
	e.status = http.StatusForbidden
	return e
}
