terraform {
  required_version = ">= 1.5"
  required_providers {
    postgresql = {
      source  = "cyrilgdn/postgresql"
      version = "~> 1.26"
    }
  }
}

# The address comes from PGHOST, PGPORT, PGUSER and PGPASSWORD: a role that may create roles and owns the audit table.
provider "postgresql" {
  database  = var.database
  sslmode   = var.sslmode
  superuser = false
}
