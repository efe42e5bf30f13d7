# The roles of docs/database-roles.sql, which says why each has what it has.

# AUDIT_DATABASE_URL: reads the audit table and the catalogue, and nothing else.
resource "postgresql_role" "reader" {
  name              = "gapwatch_reader"
  login             = true
  password          = var.reader_password
  connection_limit  = 6
  statement_timeout = 30000
}

resource "postgresql_grant" "reader_schema" {
  role        = postgresql_role.reader.name
  database    = var.database
  schema      = var.schema
  object_type = "schema"
  privileges  = ["USAGE"]
}

resource "postgresql_grant" "reader_table" {
  role        = postgresql_role.reader.name
  database    = var.database
  schema      = var.schema
  object_type = "table"
  objects     = [var.table]
  privileges  = ["SELECT"]
}

# AUDIT_WRITER_DATABASE_URL: the application's own rights and no others.
resource "postgresql_role" "writer" {
  name             = "gapwatch_writer"
  login            = true
  password         = var.writer_password
  connection_limit = 2
  roles            = [var.application]
}
