"""The API's description as a page to try it on: Swagger from our own server, under the usual content policy."""

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularSwaggerSplitView

# Its script comes from an address of its own; only its styles stand in the page.
_page = csp_update({"style-src": [SELF, UNSAFE_INLINE]})(SpectacularSwaggerSplitView.as_view(url_name="api-schema"))
# Whatever else it is asked, it has no template for.
api_docs = require_safe(_page)
