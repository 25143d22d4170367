package catalog

func (b *Bundle) checkRehearsal() {
	r := b.Catalog.Rehearsal
	if (len(r.Standin) == 0) != (r.Serves == "") {
		b.places.add("rehearsal", "standin and serves go together")
	}
	if len(r.Standin) > 0 {
		b.local("rehearsal.standin[0]", r.Standin[0])
	}
	b.local("rehearsal.world", r.World)
	b.form("rehearsal.buyer", r.Buyer, projectName, "name of an account: small letters, digits and -")
	b.knownVar("rehearsal.serves", r.Serves)
	for _, name := range sortedKeys(r.Vars) {
		b.knownVar("rehearsal.vars."+name, name)
	}
	for _, name := range sortedKeys(r.Env) {
		b.form("rehearsal.env."+name, name, envName, "name of an environment variable")
	}
}

func (b *Bundle) knownVar(field, name string) {
	if _, ok := b.Catalog.Vars[name]; name != "" && !ok {
		b.places.add(field, "vars has no %s", name)
	}
}
