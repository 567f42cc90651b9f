"""One method a file; `saddlepoint.applications.impute.settings.METHODS` names them."""
