variable "database" {
  description = "The monitored database's name."
  type        = string
}

variable "sslmode" {
  description = "How the connection is secured: verify-full, verify-ca, require or disable."
  type        = string
  default     = "verify-full"
}

variable "schema" {
  description = "The audit table's schema."
  type        = string
  default     = "public"
}

variable "table" {
  description = "The audit table's name as written in the database, without quotes."
  type        = string
  default     = "AuditLog"
}

variable "application" {
  description = "The role with which the application writes its audit records."
  type        = string
}

variable "reader_password" {
  description = "The password of gapwatch_reader. It stands in Terraform's state, which is a secret therefore."
  type        = string
  sensitive   = true
}

variable "writer_password" {
  description = "The password of gapwatch_writer."
  type        = string
  sensitive   = true
}
