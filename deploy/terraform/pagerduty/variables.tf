variable "service_region" {
  description = "PagerDuty's service region: empty for the US, \"eu\" for Europe."
  type        = string
  default     = ""
}

variable "public_url" {
  description = "The address at which PagerDuty reaches Gapwatch: its PUBLIC_URL."
  type        = string
  validation {
    condition     = can(regex("^https://[^/]+$", var.public_url))
    error_message = "An https address without a path, for example https://gapwatch.clinic.example."
  }
}

variable "gapwatch_email" {
  description = "The e-mail address of Gapwatch's own user: PAGERDUTY_FROM_EMAIL."
  type        = string
}

variable "levels" {
  description = "Who is paged, level by level: IDs of schedules. Gapwatch pages the next level when nobody presses \"I'm on it\"."
  type        = list(string)
  validation {
    condition     = length(var.levels) >= 2
    error_message = "Two levels at least: with one there is nobody to escalate to."
  }
}

variable "escalation_delay_minutes" {
  description = "Minutes until PagerDuty itself pages the next level, while nobody acknowledged."
  type        = number
  default     = 5
}
