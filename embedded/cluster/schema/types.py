"""What the objects of a kind look like: the one form in which built-in kinds and custom ones are known.

Both come as OpenAPI schemas with Kubernetes' extensions, and are read here. A type may contain itself (the schema of a custom resource
does), so the types of a table are made when they are first asked for, and their fields are filled in afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["string", "bytes", "time", "integer", "number", "boolean", "int-or-string", "quantity", "list", "map", "struct", "any"]
ListType = Literal["atomic", "set", "map"]
Zero = Literal["", "omit", "write"]

META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
# Definitions whose schema doesn't say what they hold.
_SPECIAL: Final[dict[str, Kind]] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "int-or-string",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "any",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": "any",
}
_FORMATS: Final[dict[str, Kind]] = {"date-time": "time", "byte": "bytes", "int-or-string": "int-or-string"}
_SCALARS: Final[dict[str, Kind]] = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean"}
# What a custom resource's schema may demand of a value, besides its type.
_RULES: Final = frozenset(
    {
        *("enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern"),
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "allOf", "anyOf", "oneOf", "not", "format"),
    }
)
UNSET: Final = object()


@dataclass(frozen=True, slots=True, eq=False)
class Type:
    """What a value looks like, and how changes to it by several hands go together.

    `items` is the type of a list's items or of a map's values. A struct has `fields`; when it is `open`, unknown ones are kept. `atomic`:
    the value has one owner as a whole (for lists, `list_type` says it). `always`: a struct that is there however empty it is.
    """

    kind: Kind
    name: str = ""
    fields: Mapping[str, Type] = field(default_factory=dict, repr=False)
    items: Type | None = field(default=None, repr=False)
    list_type: ListType = "atomic"
    map_keys: tuple[str, ...] = ()
    atomic: bool = False
    open: bool = False
    nullable: bool = False
    always: bool = False
    # What becomes of a field that holds nothing ("", 0, false, an empty list): it is left out, or even written when nobody gave it.
    zero: Zero = ""
    required: frozenset[str] = frozenset()
    default: Any = UNSET
    # Of strategic merge patches: how the field's value is patched, and by which key a list's items are told apart.
    strategies: frozenset[str] = frozenset()
    merge_key: str = ""
    # What a custom resource's schema demands besides, under OpenAPI's own words.
    rules: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def child(self, name: str) -> Type | None:
        """The type of a field, or of a map's value; None when there is no such field."""
        if (found := self.fields.get(name)) is not None:
            return found
        return self.items if self.kind == "map" else ANY if self.open else None


# A value of which nothing is known: its maps are shared field by field, its lists have one owner.
ANY: Final = Type("any", open=True)


class Types:
    """A table of types by name, read from OpenAPI schemas when first asked for."""

    def __init__(self, schemas: Mapping[str, Mapping[str, Any]], base: Types | None = None) -> None:
        self._schemas = schemas
        self._base = base
        self._made: dict[str, Type] = {}

    def schema(self, name: str) -> Mapping[str, Any]:
        """The schema that a type was read from. References in it are bare names."""
        if name not in self._schemas and self._base is not None:
            return self._base.schema(name)
        return self._schemas[name]

    def __getitem__(self, name: str) -> Type:
        made = self._made.get(name)
        if made is None:
            if name not in self._schemas and self._base is not None:
                return self._base[name]
            made = self._named(name)
        return made

    def _named(self, name: str) -> Type:
        schema = self._schemas[name]
        if name in _SPECIAL:
            kind = _SPECIAL[name]
            self._made[name] = Type(kind, name, atomic=kind == "any", open=kind == "any")
        elif "properties" not in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            self._made[name] = self.read(schema, name)
        else:
            fields: dict[str, Type] = {}
            # Known before its fields are: they may refer to it.
            self._made[name] = self._struct(schema, name, fields)
            self._fill(schema, fields)
        return self._made[name]

    def read(self, schema: Mapping[str, Any], name: str = "") -> Type:
        """The type that a schema describes."""
        if ref := schema.get("$ref"):
            return _modified(self[ref], schema)
        if schema.get("x-kubernetes-int-or-string"):
            return _modified(Type("int-or-string", name), schema)
        word = schema.get("type")
        if word == "array":
            return _modified(self._list(schema), schema)
        if word == "object" or "properties" in schema:
            return _modified(self._object(schema, name), schema)
        if word in _SCALARS:
            return _modified(Type(_FORMATS.get(schema.get("format", ""), _SCALARS[word]), name), schema)
        if schema.get("format") == "int-or-string":
            return _modified(Type("int-or-string", name), schema)
        return _modified(ANY, schema)

    def _object(self, schema: Mapping[str, Any], name: str) -> Type:
        values = schema.get("additionalProperties")
        if isinstance(values, dict) and "properties" not in schema:
            return Type("map", name, items=self.read(values))
        if values is True:
            return ANY
        fields: dict[str, Type] = {}
        self._fill(schema, fields)
        return self._struct(schema, name, fields)

    def _struct(self, schema: Mapping[str, Any], name: str, fields: dict[str, Type]) -> Type:
        return Type(
            "struct",
            name,
            fields=fields,
            open=bool(schema.get("x-kubernetes-preserve-unknown-fields")),
            atomic=schema.get("x-kubernetes-map-type") == "atomic",
            required=frozenset(schema.get("required", ())),
        )

    def _fill(self, schema: Mapping[str, Any], fields: dict[str, Type]) -> None:
        for name, inner in schema.get("properties", {}).items():
            fields[name] = self.read(inner)
        if schema.get("x-kubernetes-embedded-resource"):
            fields |= {"apiVersion": Type("string"), "kind": Type("string"), "metadata": self[META]}

    def _list(self, schema: Mapping[str, Any]) -> Type:
        return Type(
            "list",
            items=self.read(schema["items"]) if "items" in schema else ANY,
            list_type=schema.get("x-kubernetes-list-type", "atomic"),
            map_keys=tuple(schema.get("x-kubernetes-list-map-keys", ())),
        )


def _modified(type_: Type, schema: Mapping[str, Any]) -> Type:
    """The type with what the place where it stands adds to it."""
    changes: dict[str, Any] = {}
    if strategy := schema.get("x-kubernetes-patch-strategy"):
        changes["strategies"] = frozenset(strategy.split(","))
    if key := schema.get("x-kubernetes-patch-merge-key"):
        changes["merge_key"] = key
    if map_type := schema.get("x-kubernetes-map-type"):
        changes["atomic"] = map_type == "atomic"
    if zero := schema.get("zero"):
        changes["zero"] = zero
    if schema.get("nullable"):
        changes["nullable"] = True
    if "default" in schema:
        changes["default"] = schema["default"]
        changes["always"] = schema["default"] == {} and type_.kind == "struct"
    if type_.kind != "int-or-string" and (rules := {k: schema[k] for k in _RULES & schema.keys()}):
        changes["rules"] = rules
    return replace(type_, **changes) if changes else type_
