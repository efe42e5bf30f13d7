terraform {
  required_version = ">= 1.5"
  required_providers {
    pagerduty = {
      source = "PagerDuty/pagerduty"
      # The webhook's secret is an attribute since the releases after August 2026; older ones refuse outputs.tf.
      version = "~> 3.30"
    }
  }
}

# The token comes from PAGERDUTY_TOKEN; an account in the EU sets service_region.
provider "pagerduty" {
  service_region = var.service_region
}
