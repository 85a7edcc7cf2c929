package sandbox

import "net/http"

// Limits of a product (§2.15), in entries and characters.
const (
	maxImages     = 8
	maxFeatures   = 15
	maxDescriptor = 22
)

// product is what is sold (§2.15); prices say for how much.
type product struct {
	head
	Active              bool              `json:"active"`
	Attributes          []string          `json:"attributes"`
	Created             int64             `json:"created"`
	DefaultPrice        *string           `json:"default_price" expand:"price"`
	Description         *string           `json:"description"`
	Images              []string          `json:"images"`
	Livemode            bool              `json:"livemode"`
	MarketingFeatures   []productFeature  `json:"marketing_features"`
	Metadata            map[string]string `json:"metadata"`
	Name                string            `json:"name"`
	PackageDimensions   none              `json:"package_dimensions"`
	Shippable           *bool             `json:"shippable"`
	StatementDescriptor *string           `json:"statement_descriptor"`
	TaxCode             none              `json:"tax_code"`
	Type                string            `json:"type"`
	UnitLabel           *string           `json:"unit_label"`
	Updated             int64             `json:"updated"`
	URL                 *string           `json:"url"`
}

type productFeature struct {
	Name string `json:"name"`
}

func (p *product) createdAt() int64 { return p.Created }

var products = declare[product](kind{name: "product", prefix: "prod_", length: 14})

// productParams may be set when creating and when updating.
var productParams = []param{
	boolean("active"), text("description"), list("images", text("")), list("marketing_features", hash("", text("name").must())),
	metadata(), boolean("shippable"), shortText("statement_descriptor", maxDescriptor), shortText("unit_label", 12), text("url"),
}

func productResource() *resource {
	id := &products.kind
	return &resource{
		kind:    id,
		indexes: func(o object) []indexKey { return metadataKeys(o.(*product).Metadata) },
		routes: []route{
			{method: http.MethodPost, path: "/v1/products", title: "Create a product, and its default price if asked", returns: id,
				params: allParams([]param{text("id"), text("name").must(), enum("type", "good", "service"), hash("default_price_data",
					allParams(priceAmounts, []param{text("currency").must(), recurringParams, metadata()})...)}, productParams), do: createProduct},
			{method: http.MethodGet, path: "/v1/products", title: "List products", returns: id, list: true,
				params: paged(boolean("active"), list("ids", text("")), boolean("shippable"), text("url"), enum("type", "good", "service")), do: listProducts},
			{method: http.MethodGet, path: "/v1/products/search", title: "Search products", returns: id, list: true,
				params: searchParams, do: searching(id)},
			{method: http.MethodGet, path: "/v1/products/{id}", title: "Retrieve a product", returns: id, do: products.retrieve},
			{method: http.MethodPost, path: "/v1/products/{id}", title: "Update a product", returns: id,
				params: allParams([]param{named("name"), text("default_price")}, productParams), do: updateProduct},
			{method: http.MethodDelete, path: "/v1/products/{id}", title: "Delete a product that has no prices", do: deleteProduct},
		},
	}
}

// newProduct adds a product that is only a name, as price_data and plans make.
func newProduct(w *work, id, name string) *product {
	return products.add(w, &product{
		head: head{ID: id}, Active: true, Attributes: []string{}, Created: w.wall, Images: []string{}, MarketingFeatures: []productFeature{},
		Metadata: map[string]string{}, Name: name, Type: "service", Updated: w.wall,
	})
}

func createProduct(c *call) (any, error) {
	id := c.text("id")
	if id != "" && c.seek(&products.kind, id) != nil {
		return nil, badState("resource_already_exists", "Product already exists.").withParam("id")
	}
	made := newProduct(c.work, id, c.text("name"))
	if sort := c.text("type"); sort != "" {
		made.Type = sort
	}
	if err := made.set(c); err != nil {
		return nil, err
	}
	emit(c.work, "product.created", made)
	if !c.has("default_price_data") {
		return made, nil
	}
	first, err := newPrice(c, c.hash("default_price_data"), made.ID)
	if err != nil {
		return nil, err
	}
	made.DefaultPrice = &first.ID
	return made, nil
}

// set changes what the parameters name.
func (p *product) set(c *call) error {
	if c.has("active") {
		p.Active = c.yes("active")
	}
	if c.text("name") != "" {
		p.Name = c.text("name")
	}
	c.setText("description", &p.Description)
	c.setText("statement_descriptor", &p.StatementDescriptor)
	c.setText("unit_label", &p.UnitLabel)
	c.setText("url", &p.URL)
	if c.has("shippable") {
		p.Shippable = pointer(c.yes("shippable"))
	}
	if c.has("images") {
		p.Images = append([]string{}, c.params.list("images")...)
	}
	if c.has("marketing_features") {
		p.MarketingFeatures = []productFeature{}
		for _, one := range c.each("marketing_features") {
			p.MarketingFeatures = append(p.MarketingFeatures, productFeature{one.text("name")})
		}
	}
	if len(p.Images) > maxImages || len(p.MarketingFeatures) > maxFeatures {
		return badParam("images", "", "A product can have up to 8 images and 15 marketing features.")
	}
	return c.setMetadata(&p.Metadata)
}

func updateProduct(c *call) (any, error) {
	if _, err := products.fromPath(c); err != nil {
		return nil, err
	}
	next := products.edit(c.work, c.id)
	if standard, err := prices.fromParam(c, "default_price"); err != nil {
		return nil, err
	} else if standard != nil && standard.Product != c.id {
		return nil, badParam("default_price", "", "The price specified is not a price of this product.")
	}
	c.setText("default_price", &next.DefaultPrice)
	if err := next.set(c); err != nil {
		return nil, err
	}
	next.Updated = c.wall
	emitUpdated(c.work, "product.updated", next)
	return next, nil
}

func deleteProduct(c *call) (any, error) {
	old, err := products.fromPath(c)
	if err != nil {
		return nil, err
	}
	if len(prices.where(c.work, indexKey{"product", old.ID})) > 0 {
		return nil, badState("", "This product cannot be deleted because it has one or more user-created prices.")
	}
	emit(c.work, "product.deleted", old)
	return products.remove(c.work, old.ID, deleted), nil
}

func listProducts(c *call) (any, error) {
	ids := c.params.list("ids")
	return c.pageOf(query{kind: &products.kind, keep: func(o object) bool {
		p := o.(*product)
		return c.agrees("active", p.Active) && c.agrees("shippable", p.Shippable != nil && *p.Shippable) &&
			c.equals("url", value(p.URL)) && c.equals("type", p.Type) && among(ids, p.ID)
	}})
}
