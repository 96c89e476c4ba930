package main

import (
	"errors"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"strings"
)

// source is what the comments and constants of packages wire and osdmap say.
type source struct {
	header string                // the package comment of wire
	types  map[string]string     // by type: its comment
	fields map[string]string     // by Type.Field: the comment beside it
	consts map[string][]constDoc // of wire, by type: those that are exported; by "" those that have none but a comment
}

type constDoc struct {
	name  string
	value int64 // 0 if it takes another package to know
	text  string
}

func readSource(root string) (*source, error) {
	src := &source{types: make(map[string]string), fields: make(map[string]string), consts: make(map[string][]constDoc)}
	return src, errors.Join(src.read(filepath.Join(root, "pkg", "wire")), src.read(filepath.Join(root, "pkg", "osdmap")))
}

func (src *source) read(dir string) error {
	fset := token.NewFileSet()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		return errors.Join(err, &fs.PathError{Op: "glob", Path: dir, Err: fs.ErrNotExist})
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	var values *types.Scope
	if filepath.Base(dir) == "wire" {
		values = constants(fset, files)
	}
	for _, file := range files {
		if file.Name.Name == "wire" && file.Doc != nil {
			src.header = file.Doc.Text()
		}
		for _, decl := range file.Decls {
			if gen, ok := decl.(*ast.GenDecl); ok {
				src.declare(gen, values)
			}
		}
	}
	return nil
}

// constants works out the package's constants, as far as that needs no other package.
func constants(fset *token.FileSet, files []*ast.File) *types.Scope {
	config := types.Config{Importer: noImporter{}, Error: func(error) {}, IgnoreFuncBodies: true}
	pkg, _ := config.Check("wire", fset, files, nil)
	return pkg.Scope()
}

type noImporter struct{}

func (noImporter) Import(string) (*types.Package, error) { return nil, errors.New("not needed") }

func (src *source) declare(decl *ast.GenDecl, values *types.Scope) {
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			doc := spec.Doc
			if doc == nil {
				doc = decl.Doc
			}
			src.types[spec.Name.Name] = line(doc)
			if st, ok := spec.Type.(*ast.StructType); ok {
				src.struct_(spec.Name.Name, st)
			}
		case *ast.ValueSpec:
			if decl.Tok == token.CONST && values != nil {
				src.const_(spec, values)
			}
		}
	}
}

func (src *source) struct_(name string, st *ast.StructType) {
	for _, field := range st.Fields.List {
		for _, id := range field.Names {
			src.fields[name+"."+id.Name] = line(field.Comment)
		}
	}
}

func (src *source) const_(spec *ast.ValueSpec, values *types.Scope) {
	for _, id := range spec.Names {
		c, ok := values.Lookup(id.Name).(*types.Const)
		if !ok {
			continue
		}
		doc := constDoc{name: id.Name, text: line(spec.Comment)}
		doc.value, _ = constant.Int64Val(constant.ToInt(c.Val()))
		if named, ok := c.Type().(*types.Named); !ok && doc.text != "" {
			src.consts[""] = append(src.consts[""], doc)
		} else if ok && id.IsExported() {
			typ := named.Obj().Name()
			src.consts[typ] = append(src.consts[typ], doc)
		}
	}
}

// line is a comment on one line.
func line(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }
