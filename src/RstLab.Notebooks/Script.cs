namespace RstLab.Notebooks;

/// <summary>The script that turns the still pictures of a page into Plotly figures where <c>window.Plotly</c> is there.</summary>
internal static class Script
{
    /// <summary>
    /// Safe to run many times: one output cannot know whether an earlier one defined it, or whether Plotly comes later. It
    /// replaces the palette's colours by those of the page, so that a figure follows light and dark.
    /// </summary>
    internal static readonly string Bootstrap = $$"""
        (function(){
        var vars={{{string.Join(',', Palette.All.Select(c => $"\"{c.Light}\":\"{c.Variable}\""))}}};
        window.rstlabDraw=window.rstlabDraw||function(){
          if(!window.Plotly)return;
          document.querySelectorAll('figure.rstlab-figure:not([data-drawn])').forEach(function(fig){
            var source=fig.querySelector('script.rstlab-plotly'),room=fig.querySelector('.rstlab-drawing');
            if(!source||!room)return;
            fig.setAttribute('data-drawn','plotly');
            var host=document.createElement('div'),shown='';
            host.className='rstlab-plot';
            host.setAttribute('role','img');
            host.setAttribute('aria-label',fig.querySelector('.rstlab-title').textContent);
            room.appendChild(host);
            function draw(){
              if(!host.clientWidth)return;
              var style=getComputedStyle(fig),narrow=host.clientWidth<600,now=narrow+style.color+style.getPropertyValue('--rl-reset');
              if(now===shown)return;
              shown=now;
              var text=source.textContent.replace(/#[0-9a-f]{6}/g,function(c){
                return c==='{{Palette.Ink}}'?style.color:vars[c]?style.getPropertyValue(vars[c]).trim():c;});
              var spec=JSON.parse(text),part=narrow&&spec.narrow||spec,layout=part.layout,top=layout.title?32:0;
              delete layout.title;
              if(top){layout.height-=top;layout.margin.t-=top;}
              if(narrow&&!spec.narrow){layout.height=Math.min(layout.height,340);}
              layout.paper_bgcolor=layout.plot_bgcolor='rgba(0,0,0,0)';
              window.Plotly.react(host,part.data,layout,spec.config).catch(function(){
                fig.removeAttribute('data-drawn');host.remove();});
            }
            draw();
            if(window.ResizeObserver)new ResizeObserver(draw).observe(host);
            var dark=window.matchMedia&&matchMedia('(prefers-color-scheme: dark)');
            if(dark&&dark.addEventListener)dark.addEventListener('change',draw);
          });
        };
        window.rstlabDraw();
        if(document.readyState!=='complete')addEventListener('load',window.rstlabDraw);
        })();
        """;
}
